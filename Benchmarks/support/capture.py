"""Plays the linker once: writes down what the compiler driver asks of `ld`, then has it done.

The command line goes to $WELD_CAPTURE as a response file that every linker reads
(`LINKER @link.rsp -o OUT`); then a real linker runs, so that the build goes on. Left out are the
output, which each benchmark run chooses, and the driver's LTO plugin, which has nothing to do here
and is not the same for all linkers, the build-id, which is a case of its own, and the directory
that this tool is found by. Relative paths become absolute, as the builds run in their own
directories.
"""

import os
import shlex
import sys

DROPPED_WITH_VALUE = {"-o", "-plugin", "--plugin"}
DROPPED_PREFIXES = ("-plugin-opt", "--plugin-opt", "-fuse-ld=", "--build-id")


def expand(arguments):
    """Replaces each `@file` by the words in it, as the linkers do."""
    for argument in arguments:
        if argument.startswith("@") and os.path.isfile(argument[1:]):
            with open(argument[1:], encoding="utf-8") as file:
                yield from expand(shlex.split(file.read()))
        else:
            yield argument


def absolute(argument):
    """The argument with the path in it, if there is one, made independent of the directory."""
    if argument.startswith("-L") and len(argument) > 2:
        return "-L" + os.path.realpath(argument[2:])
    if not argument.startswith("-") and os.path.exists(argument):
        return os.path.abspath(argument)
    return argument


def kept(arguments):
    """What goes into the response file."""
    own = "-L" + os.environ.get("WELD_CAPTURE_TOOL", "")
    words = iter(arguments)
    for word in words:
        if word in DROPPED_WITH_VALUE:
            next(words, None)
        elif not word.startswith(DROPPED_PREFIXES) and word != own:
            yield absolute(word)


def main():
    arguments = sys.argv[1:]
    capture = os.environ.get("WELD_CAPTURE")
    # gcc hands a long line on in a file, which is gone when it is done.
    words = list(expand(arguments))
    if capture and "-o" in words:
        with open(capture, "w", encoding="utf-8") as file:
            file.writelines(shlex.quote(word) + "\n" for word in kept(words))
    linker = os.environ["WELD_CAPTURE_LINKER"]
    os.execv(linker, [linker] + arguments)


main()
