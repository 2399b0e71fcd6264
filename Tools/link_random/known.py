"""Differences that are meant: each with the section of docs/compatibility.md that gives the reason.

Most are avoided by the generator; what it cannot see beforehand is recognised here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .model import Difference, Outcome, Program, Sources

Recogniser = Callable[[Program, Sources, dict[str, Outcome], Difference], bool]


@dataclass(frozen=True)
class Known:
    """A difference that is meant."""

    name: str
    # The heading or the bold words in docs/compatibility.md that name it.
    section: str
    matches: Recogniser


KNOWN: tuple[Known, ...] = ()


def name_of(program: Program, sources: Sources, outcomes: dict[str, Outcome],
            difference: Difference) -> str:
    for entry in KNOWN:
        if entry.matches(program, sources, outcomes, difference):
            return entry.name
    return ""
