"""Finds the linkers on the machine, weld among them."""

import os
import shutil
import subprocess
import sys

from common import HERE, fail


class Linker:
    """One competitor: its row name, its program and the options that make it comparable."""

    def __init__(self, name, program, *options):
        self.name, self.program, self.options = name, program, list(options)

    def command(self, case, output):
        return [self.program, *self.options, *case["arguments"], "-o", output]

    def version(self):
        result = subprocess.run(
            [self.program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False)
        lines = result.stdout.splitlines()
        return lines[0] if lines else "does not tell its version"


def swift_toolchain_lld():
    """The linker that comes with the Swift toolchain, which is newer than Debian's."""
    swift = shutil.which("swift")
    if not swift:
        return None
    path = os.path.join(os.path.dirname(os.path.realpath(swift)), "ld.lld")
    return path if os.path.exists(path) else None


def weld(path=None):
    """weld as a linker; `path` is what the user gave, else it is what was built. None: not built."""
    program = path or os.path.join(os.path.dirname(HERE), ".build", "release", "weld")
    if os.path.exists(program):
        return Linker("weld", os.path.abspath(program))
    if path:
        fail(f"{path}: no such file")
    return None


def found(weld_path=None, names=None):
    """weld first, then lld, then the others; of all, those named.

    The row `lld`, which the ratios are to, is the newest lld: that of the Swift toolchain, else
    Debian's.
    """
    linkers = []
    own = weld(weld_path)
    if own:
        linkers.append(own)
    else:
        print("weld is not built; timing the other linkers alone", file=sys.stderr)
    debian = shutil.which("ld.lld-19") or shutil.which("ld.lld")
    newest = swift_toolchain_lld() or debian
    candidates = [
        ("lld", newest, []),
        ("lld-debian", debian, []),
        ("mold", shutil.which("mold"), ["--no-fork"]),
        ("wild", shutil.which("wild"), ["--no-fork"]),
        ("gold", shutil.which("ld.gold"), []),
        ("bfd", shutil.which("ld.bfd"), []),
    ]
    seen = set()
    for name, program, extra in candidates:
        if program and os.path.realpath(program) not in seen:
            # lld tells its flavour by its name, so a link to it is called by that name.
            seen.add(os.path.realpath(program))
            linkers.append(Linker(name, program, *extra))
    return [linker for linker in linkers if names is None or linker.name in names]
