"""What a random program is made of: units, what they are for, and how they are linked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

KINDS = ("pie", "no-pie", "static", "static-pie", "shared")
STATIC = ("static", "static-pie")

# Where each kind's code may have been compiled for: `none` is position-dependent.
KINDS_FOR_CODE = {
    "pic": KINDS,
    "pie": ("pie", "no-pie", "static", "static-pie"),
    "none": ("no-pie", "static"),
}


@dataclass(frozen=True)
class Unit:
    """One source file, and how it is compiled."""

    index: int
    # "exe", or the library that it belongs to: "lib0", "lib1".
    side: str
    language: str  # "c", "c++" or "asm"
    compiler: str  # "gcc", "clang" or "swift-clang"
    code: str  # a key of KINDS_FOR_CODE
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"u{self.index}"

    @property
    def source(self) -> str:
        return self.name + {"c": ".c", "c++": ".cc", "asm": ".s"}[self.language]

    @property
    def object(self) -> str:
        return self.name + ".o"


@dataclass(frozen=True)
class Instance:
    """One use of a feature: its number gives it names and random numbers of its own."""

    number: int
    feature: str


@dataclass(frozen=True)
class World:
    """Sources, before they are written: everything follows from this."""

    seed: int
    units: tuple[Unit, ...]
    instances: tuple[Instance, ...]

    def without(self, instance: Instance) -> World:
        return replace(self, instances=tuple(i for i in self.instances if i != instance))

    def with_unit(self, unit: Unit) -> World:
        return replace(
            self, units=tuple(unit if u.index == unit.index else u for u in self.units))


@dataclass
class Sources:
    """A world's text, and what its features ask of the links."""

    # By file name, sources and others: version scripts, lists.
    files: dict[str, str] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    # Flags of the program's link, and of each library's; each group is one thing to shrink.
    flags: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    kinds: tuple[str, ...] = KINDS
    needs_cxx: bool = False
    # What is printed follows from the order of files.
    ordered: bool = False


@dataclass(frozen=True)
class Item:
    """Something on the program's link line: `form` says how its units get there."""

    # object, archive, thin, whole, lazy, cyclic (two archives that need each other); of a library:
    # path, search (-L and -l), static (-Bstatic -l: an archive), objects (in static programs)
    form: str
    units: tuple[int, ...] = ()
    library: str = ""
    as_needed: bool = False


@dataclass(frozen=True)
class Plan:
    """How a world's objects are linked."""

    kind: str
    items: tuple[Item, ...]
    flags: tuple[tuple[str, ...], ...]
    library_flags: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Program:
    """A world and a plan: what one seed stands for."""

    seed: int
    world: World
    plan: Plan


@dataclass(frozen=True)
class Outcome:
    """What came of a program with one linker."""

    linker: str
    # "refused", or how the program ended: "exit 0", "signal 11", "timeout".
    status: str
    # What the linker said, if it refused or warned.
    message: str = ""
    lines: tuple[str, ...] = ()

    @property
    def linked(self) -> bool:
        return self.status != "refused"


@dataclass(frozen=True)
class Difference:
    """Where weld stands alone."""

    # "refuses", "links", "ends", "prints", "readelf", "elflint", "elf-compare", "noise"
    kind: str
    detail: str
    # Numbers of instances whose lines differ, if lines do.
    instances: tuple[int, ...] = ()
