"""What readelf, eu-elflint and elf-compare say of an output."""

from __future__ import annotations

import os
import re

from .model import Difference
from .toolchain import run


def complaint(directory: str, checker: str | None, outputs: dict[str, list[str]],
              ) -> Difference | None:
    """The first complaint about one of weld's outputs; elflint's only if no other linker's output
    of the program gets it, too."""
    for path in outputs["weld"]:
        said = [line for line in run(["readelf", "-aW", path], directory).output.splitlines()
                if "arning" in line or "rror:" in line]
        if said:
            return Difference("readelf", f"{path}: {said[0]}")
        if checker:
            checked = run([checker, "--check", path], directory)
            if checked.status != 0:
                return Difference("elf-compare", f"{path}: {checked.output.strip()[:300]}")
    ours = elflint(directory, outputs["weld"])
    if not ours:
        return None
    theirs = elflint(directory, outputs["bfd"]) | elflint(directory, outputs["lld"])
    alone = {plain: line for plain, line in ours.items() if plain not in theirs}
    return Difference("elflint", next(iter(alone.values()))) if alone else None


def elflint(directory: str, paths: list[str]) -> dict[str, str]:
    """Complaints, by their words without numbers, and of sections (`.ltext.f`) by their kind: not all
    linkers put those of a kind together. Nor is it of interest which of the bounds of sections, which
    are protected, an output exports."""
    found: dict[str, str] = {}
    for path in paths:
        if not os.path.exists(os.path.join(directory, path)):
            continue
        for line in run(["eu-elflint", "--gnu-ld", path], directory).output.splitlines():
            # It does not know RELR, which not all linkers have a use for in the same program.
            if line and line != "No errors" and "'.relr.dyn' has wrong type" not in line:
                plain = re.sub(r" *(0x[0-9a-f]+|\d+)", "N", line)
                plain = re.sub(r"\(__(start|stop)_\w+\)", "(bound)", plain)
                found.setdefault(re.sub(r"'(\.\w+)\.[^']*'", r"'\1'", plain), line)
    return found
