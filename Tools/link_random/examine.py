"""One program from its seed to a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from . import compare, known, readback
from .evaluate import Linkers, Workshop
from .model import Difference, Outcome, Program, Sources


@dataclass(frozen=True)
class Verdict:
    """What the three linkers made of a program."""

    outcomes: dict[str, Outcome]
    difference: Difference | None
    known: str = ""


def examine(workshop: Workshop, program: Program, sources: Sources, linkers: Linkers) -> Verdict:
    outcomes = {name: workshop.outcome(program, name) for name in ("bfd", "lld", "weld")}
    found = compare.difference(outcomes["weld"], outcomes["bfd"], outcomes["lld"])
    if found is None and outcomes["weld"].linked:
        if outcomes["bfd"].linked or outcomes["lld"].linked:
            made = {name: workshop.outputs(name) if outcome.linked else []
                    for name, outcome in outcomes.items()}
            found = readback.complaint(workshop.directory, linkers.checker, made)
    name = known.name_of(program, sources, outcomes, found) if found else ""
    return Verdict(outcomes, found, name)
