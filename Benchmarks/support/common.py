"""What `prepare` and `run` share: where the inputs are, and how a case is described.

An input is a directory that holds its objects and a `case.json`:

    {"cases": [{"name": "hello-static",        the row's name
                "arguments": ["@.../x.rsp"],   given to the linker before `-o OUT`
                "check": ["{}"],               the command that tries the output, `{}` is its path
                "expect": "hello\\n"}]}         what is to be in that which it prints
"""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = os.path.join(HERE, "sources")

# The rows' order in every table.
ORDER = ["hello", "llvm-all", "cxx-debug", "swift-debug", "shared-300k", "tiny-20k"]


def inputs_directory():
    """The prepared inputs: $WELD_BENCH_INPUTS, else `.inputs` beside the scripts."""
    return os.path.abspath(os.environ.get("WELD_BENCH_INPUTS") or os.path.join(HERE, ".inputs"))


def load_cases(names):
    """The cases of the named inputs (of all that are prepared, if none is named)."""
    cases = []
    for name in names or ORDER:
        path = os.path.join(inputs_directory(), name, "case.json")
        if not os.path.exists(path):
            if names:
                fail(f"{name}: not prepared; run Benchmarks/prepare {name}")
            continue
        with open(path, encoding="utf-8") as file:
            cases += json.load(file)["cases"]
    return cases


def write_cases(directory, cases):
    """Declares an input ready; written last, so that a broken preparation leaves none."""
    with open(os.path.join(directory, "case.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": cases}, file, indent=2)
        file.write("\n")


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def run(command, **options):
    """Runs a command whose failure is ours."""
    result = subprocess.run(command, **options)
    if result.returncode != 0:
        fail(f"exit status {result.returncode} from: {' '.join(command)[:400]}")
    return result


def output_of(command, **options):
    return run(command, stdout=subprocess.PIPE, text=True, **options).stdout


def first_program(*names):
    """The path of the first of the programs that is installed, or nil."""
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    return None
