"""Makes a program that shows a difference smaller, while it goes on showing the same kind of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

from .evaluate import Linkers, Workshop
from .examine import Verdict, examine
from .generate import render
from .model import Item, Program, Unit
from .toolchain import Trouble

# Attempts for one program: each is a compilation and three links.
LIMIT = 120


class Shrinker:
    """Tries one change after the other, and keeps those after which the difference is there."""

    def __init__(self, directory: str, linkers: Linkers, host: str, kind: str) -> None:
        self.directory = directory
        self.linkers = linkers
        self.host = host
        self.kind = kind
        self.attempts = 0

    def shrink(self, program: Program) -> Program:
        for steps in (self._instances, self._flags, self._items, self._units, self._instances):
            program = self._reduce(program, steps)
        return program

    def _reduce(self, program: Program, steps: Callable[[Program], Iterator[Program]]) -> Program:
        again = True
        while again and self.attempts < LIMIT:
            again = False
            for candidate in steps(program):
                if self.shows(candidate):
                    program = candidate
                    again = True
                    break
                if self.attempts >= LIMIT:
                    break
        return program

    def shows(self, program: Program) -> bool:
        self.attempts += 1
        verdict = self.verdict(program)
        return verdict is not None and verdict.difference is not None \
            and verdict.difference.kind == self.kind and not verdict.known

    def verdict(self, program: Program) -> Verdict | None:
        sources = render(program.world)
        workshop = Workshop(
            os.path.join(self.directory, "shrink"), self.linkers, sources, self.host)
        try:
            return examine(workshop, program, sources, self.linkers)
        except Trouble:
            return None
        finally:
            workshop.close()

    # What is tried.

    def _instances(self, program: Program) -> Iterator[Program]:
        if len(program.world.instances) > 1:
            for instance in program.world.instances:
                yield replace(program, world=program.world.without(instance))

    def _flags(self, program: Program) -> Iterator[Program]:
        plan = program.plan
        for flag in plan.flags:
            yield replace(program, plan=replace(
                plan, flags=tuple(f for f in plan.flags if f != flag)))
        for flag in plan.library_flags:
            yield replace(program, plan=replace(
                plan, library_flags=tuple(f for f in plan.library_flags if f != flag)))

    def _items(self, program: Program) -> Iterator[Program]:
        plan = program.plan
        for index, item in enumerate(plan.items):
            for plainer in plainer_items(item):
                items = plan.items[:index] + plainer + plan.items[index + 1:]
                yield replace(program, plan=replace(plan, items=items))
        ordered = tuple(sorted(plan.items, key=lambda item: (bool(item.library), item.units, item.library)))
        if ordered != plan.items:
            yield replace(program, plan=replace(plan, items=ordered))

    def _units(self, program: Program) -> Iterator[Program]:
        for unit in program.world.units:
            for plainer in plainer_units(unit):
                yield replace(program, world=program.world.with_unit(plainer))


def plainer_items(item: Item) -> Iterator[tuple[Item, ...]]:
    if item.library:
        if item.form != "path":
            yield (replace(item, form="path"),)
        if item.as_needed:
            yield (replace(item, as_needed=False),)
    elif item.form != "object":
        yield tuple(Item("object", (unit,)) for unit in item.units)
        if item.form != "archive":
            yield (replace(item, form="archive"),)


def plainer_units(unit: Unit) -> Iterator[Unit]:
    if unit.language == "c++":
        yield replace(unit, language="c")
    if unit.compiler == "swift-clang":
        yield replace(unit, compiler="gcc")
    for flag in unit.flags:
        if flag not in ("-fPIC", "-fPIE", "-fno-pie"):
            yield replace(unit, flags=tuple(f for f in unit.flags if f != flag))
