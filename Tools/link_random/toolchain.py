"""Compilers and linkers: what they are called with."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

from .model import Unit

RUN_TIMEOUT = 10
LINK_TIMEOUT = 30


class Trouble(Exception):
    """Something that is not a finding: a compiler fails, a program is missing."""


@dataclass(frozen=True)
class Result:
    status: int  # negative: a signal
    output: str
    timed_out: bool = False


def run(command: list[str], directory: str, timeout: float = LINK_TIMEOUT,
        environment: dict[str, str] | None = None) -> Result:
    """Runs a command to its end; both streams in one text."""
    try:
        done = subprocess.run(
            command, cwd=directory, env=environment, timeout=timeout, close_fds=False, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as expired:
        return Result(-1, (expired.output or b"").decode(errors="replace"), True)
    except OSError as error:
        raise Trouble(f"cannot run {command[0]}: {error}") from error
    return Result(done.returncode, done.stdout.decode(errors="replace"))


@lru_cache(maxsize=None)
def compiler_path(name: str, language: str) -> str:
    """gcc, Debian's clang, or the clang that came with Swift."""
    program = {"gcc": ("gcc", "g++"), "clang": ("clang", "clang++"),
               "swift-clang": ("clang", "clang++")}[name][language == "c++"]
    found = shutil.which(program)
    if name == "swift-clang":
        swift = shutil.which("swift")
        found = os.path.join(os.path.dirname(os.path.realpath(swift)), program) if swift else None
    if not found or not os.path.exists(found):
        raise Trouble(f"no {name} for {language}; `make packages-for-tests` installs what is needed")
    return found


def compile_command(unit: Unit) -> list[str]:
    language = ["-x", unit.language] if unit.language != "asm" else []
    command = [compiler_path(unit.compiler, unit.language), "-c", "-w", *unit.flags, *language]
    if unit.compiler == "gcc":
        command.append("-pipe")
    if unit.language == "c++":
        command.append("-std=c++17")
    return [*command, unit.source, "-o", unit.object]


@dataclass(frozen=True)
class LinkLine:
    """The words before and behind a program's own, as the compiler's driver has them."""

    before: tuple[str, ...]
    behind: tuple[str, ...]


@lru_cache(maxsize=None)
def link_line(kind: str, needs_cxx: bool) -> LinkLine:
    """Asks gcc once for each kind; the words are the same for every linker."""
    flags = {"pie": ["-pie"], "no-pie": ["-no-pie"], "static": ["-static"],
             "static-pie": ["-static-pie"], "shared": ["-shared"]}[kind]
    driver = compiler_path("gcc", "c++" if needs_cxx else "c")
    told = run([driver, "-###", *flags, "own-words.o"], "/").output
    lines = [line for line in told.splitlines() if "collect2" in line]
    if not lines:
        raise Trouble(f"{driver} -### does not tell how it links")
    words = shlex.split(lines[0])[1:]
    place = words.index("own-words.o")
    before = [word for word in plain_words(words[:place]) if word not in VARIED]
    # Once is enough, except for -pie of static-pie, which is behind what it undoes.
    before = list(dict.fromkeys(before)) if kind != "static-pie" else before
    return LinkLine(tuple(before), tuple(plain_words(words[place + 1:])))


# What gcc says first, and the plans vary.
VARIED = ("--eh-frame-hdr", "--build-id", "--as-needed", "--no-as-needed")


def plain_words(words: list[str]) -> list[str]:
    """Without the plugin, and with short paths."""
    kept: list[str] = []
    for index, word in enumerate(words):
        if word == "-plugin" or word.startswith("-plugin-opt") or words[index - 1:index] == ["-plugin"]:
            continue
        if word.startswith("/"):
            word = os.path.normpath(word)
        elif word.startswith("-L/"):
            word = "-L" + os.path.normpath(word[2:])
        kept.append(word)
    return kept


def elf_compare_beside(weld: str) -> str | None:
    """The checker that was built with the linker, or in another configuration."""
    beside = os.path.dirname(weld)
    for directory in (beside, os.path.join(os.path.dirname(beside), "release"),
                      os.path.join(os.path.dirname(beside), "debug")):
        path = os.path.join(directory, "elf-compare")
        if os.path.exists(path):
            return path
    return None
