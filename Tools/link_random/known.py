"""Differences that are meant: each with the section of docs/compatibility.md that gives the reason.

Most are avoided by the generator; what it cannot see beforehand is recognised here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .model import Difference, Outcome, Program, Sources, Unit

Recogniser = Callable[[Program, Sources, dict[str, Outcome], Difference], bool]


@dataclass(frozen=True)
class Known:
    """A difference that is meant."""

    name: str
    # The heading or the bold words in docs/compatibility.md that name it.
    section: str
    matches: Recogniser


def links_no_symbols(_program: Program, _sources: Sources, _outcomes: dict[str, Outcome],
                     difference: Difference) -> bool:
    return difference.kind == "elflint" and "relocation" in difference.detail \
        and "'.rela.plt': relocation" in difference.detail \
        and "invalid symbol index" in difference.detail


def zeroed_alone(_program: Program, _sources: Sources, _outcomes: dict[str, Outcome],
                 difference: Difference) -> bool:
    return difference.kind == "elflint" \
        and "is writable but contains no writable sections" in difference.detail


def starts_unrelaxed(program: Program, _sources: Sources, outcomes: dict[str, Outcome],
                     difference: Difference) -> bool:
    """The other two die before `main`: weld relaxes what start-up code needs."""
    return difference.kind in ("ends", "prints") and program.plan.kind == "static-pie" \
        and ("--no-relax",) in program.plan.flags \
        and not outcomes["bfd"].lines and not outcomes["lld"].lines


def links_dropped_order(_program: Program, _sources: Sources, outcomes: dict[str, Outcome],
                        difference: Difference) -> bool:
    """lld never links what is linked to a dropped section, so only one other linker says anything
    about the rest of the program."""
    return difference.kind == "links" \
        and "sh_link points to discarded section" in outcomes["lld"].message


def collects_sets(_program: Program, _sources: Sources, outcomes: dict[str, Outcome],
                  difference: Difference) -> bool:
    """lld drops the set that somebody uses, and refuses for that alone."""
    return difference.kind == "links" and "nostart-stop-gc" in outcomes["lld"].message


def runs_large_thread_locals(
        program: Program, _sources: Sources, outcomes: dict[str, Outcome],
        difference: Difference) -> bool:
    """The other two crash, each for a reason of its own."""
    return difference.kind in ("ends", "prints") and program.plan.kind == "static-pie" \
        and any("-mcmodel=large" in unit.flags for unit in program.world.units) \
        and all(outcomes[name].status.startswith("signal") for name in ("bfd", "lld"))


def resolves_early(_program: Program, _sources: Sources, outcomes: dict[str, Outcome],
                   difference: Difference) -> bool:
    """The loader complains of calling a resolver in a library that is not relocated yet; weld's has
    its stub's address bound already."""
    def said(name: str) -> list[str]:
        return [line for line in outcomes[name].lines if ": Relink `" not in line]

    return difference.kind == "prints" and said("bfd") == said("lld") == said("weld") \
        and len(said("bfd")) < len(outcomes["bfd"].lines)


def needs_no_member(_program: Program, _sources: Sources, outcomes: dict[str, Outcome],
                    difference: Difference) -> bool:
    """An object behind the archive defines the name, too: the other two have pulled the member."""
    return difference.kind == "links" and ".a(" in outcomes["bfd"].message \
        and "multiple definition" in outcomes["bfd"].message \
        and "duplicate symbol" in outcomes["lld"].message


def takes_what_comes_first(program: Program, sources: Sources, _outcomes: dict[str, Outcome],
                           difference: Difference) -> bool:
    """An archive in front of a library that defines the name, too, and who asks comes behind both:
    the other two take the library's."""
    if difference.kind not in ("prints", "ends") or not difference.instances:
        return False
    items = program.plan.items
    of_side = {side: [u for u in sources.units if u.side == side] for side in
               {u.side for u in sources.units}}
    for i, first in enumerate(items):
        if first.form not in ("archive", "thin", "lazy", "cyclic", "static"):
            continue
        members = of_side.get(first.library, []) if first.library else \
            [u for u in sources.units if u.index in first.units]
        for library in items[i + 1:]:
            if library.form not in ("path", "search"):
                continue
            both = defined(sources, members) & defined(sources, of_side.get(library.library, []))
            if any(name.startswith(f"x{number}_") for name in both
                   for number in difference.instances):
                return True
    return False


def orders_members(program: Program, sources: Sources, _outcomes: dict[str, Outcome],
                   difference: Difference) -> bool:
    """Two members of an archive define the name, and one is pulled for something else: the other two
    take what they have pulled first."""
    if difference.kind not in ("prints", "ends") or not difference.instances:
        return False
    archives = [
        [u for u in sources.units if u.index in item.units or item.library and u.side == item.library]
        for item in program.plan.items
        if item.form in ("archive", "thin", "lazy", "cyclic", "static")
        or item.library and program.plan.kind in ("static", "static-pie")
    ]
    for members in archives:
        names = [name for unit in members for name in defined(sources, [unit])]
        if any(names.count(name) > 1 and name.startswith(f"x{number}_") for name in names
               for number in difference.instances):
            return True
    return False


def defined(sources: Sources, units: list[Unit]) -> set[str]:
    """Functions and variables that units define for others."""
    text = "\n".join(sources.files.get(unit.source, "") for unit in units)
    return set(re.findall(r"^(?!extern|static)[^\n;]*?\b(x\d+_\w+)(?:\([^;\n]*\) *\{|[^;\n(]*=|;)",
                          text, re.MULTILINE))


KNOWN: tuple[Known, ...] = (
    Known("IRELATIVE without symbols", "Beside lld", links_no_symbols),
    Known("large zeroed data alone", "Beside lld", zeroed_alone),
    Known("what is linked to a dropped section", "Groups", links_dropped_order),
    Known("an object behind an archive", "Archives", needs_no_member),
    Known("an archive in front of a library", "Archives", takes_what_comes_first),
    Known("members in the order of their archive", "Archives", orders_members),
    Known("sets that are collected", "`__start_X` and `__stop_X`", collects_sets),
    Known("thread-locals of the large model", "Beside lld", runs_large_thread_locals),
    Known("an IFUNC that is its stub", "Beside lld", resolves_early),
    Known("static PIE without relaxation", "`--no-relax`", starts_unrelaxed),
)


def name_of(program: Program, sources: Sources, outcomes: dict[str, Outcome],
            difference: Difference) -> str:
    for entry in KNOWN:
        if entry.matches(program, sources, outcomes, difference):
            return entry.name
    return ""
