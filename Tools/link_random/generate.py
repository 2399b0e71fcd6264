"""From a seed to a program: its units, what they do, and how they are linked."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import lru_cache

from .builder import Builder
from .features import FEATURES
from .model import STATIC, Instance, Item, Plan, Program, Sources, Unit, World

# Programs of one world: the same objects, linked in so many ways.
PLANS = 12


def rng_for(*parts: object) -> random.Random:
    """Random numbers that depend on the parts alone, on every machine."""
    return random.Random("/".join(str(part) for part in parts))


def program(seed: int, only: tuple[str, ...] = ()) -> tuple[Program, Sources]:
    """The program that a seed stands for; `only` limits the features."""
    world = make_world(seed // PLANS, only)
    sources = render(world)
    return Program(seed, world, make_plan(seed, world, sources)), sources


# The world.

@lru_cache(maxsize=4)
def make_world(seed: int, only: tuple[str, ...]) -> World:
    rng = rng_for("world", seed)
    style = rng.choices(("pic", "pie", "none", "mixed"), (45, 20, 25, 10))[0]
    sides = ["exe"] * rng.randint(1, 3)
    for library in range(rng.choice((0, 1, 1, 2))):
        sides += [f"lib{library}"] * rng.randint(1, 2)
    cxx = rng.choice((0, 0.2, 0.7))
    units = tuple(make_unit(rng, index, side, style, cxx) for index, side in enumerate(sides))
    names = [name for name in FEATURES if not only or name in only]
    weights = [FEATURES[name][1] for name in names]
    chosen = rng.choices(names, weights, k=rng.randint(1, 4))
    instances = tuple(Instance(number + 1, name) for number, name in enumerate(chosen))
    return World(seed, units, instances)


def make_unit(rng: random.Random, index: int, side: str, style: str, cxx: float) -> Unit:
    code = style if style != "mixed" else rng.choice(("pic", "pie", "none"))
    if side != "exe":
        code = "pic"
    compiler = rng.choices(("gcc", "clang", "swift-clang"), (60, 15, 25))[0]
    flags = [rng.choices(("-O0", "-O1", "-O2"), (25, 45, 30))[0]]
    flags.append({"pic": "-fPIC", "pie": "-fPIE", "none": "-fno-pie"}[code])
    if compiler != "clang" and rng.random() < 0.4:
        flags.append("-mtls-dialect=gnu2")
    options = [
        ("-ffunction-sections", 0.25), ("-fdata-sections", 0.25), ("-fno-plt", 0.15),
        ("-fcf-protection=full" if rng.random() < 0.7 else "-fcf-protection=none", 0.3),
        ("-g", 0.15), ("-gz", 0.1), ("-fno-asynchronous-unwind-tables", 0.1),
        ("-mcmodel=large" if rng.random() < 0.5 else "-mcmodel=medium", 0.06),
        ("-fno-common" if rng.random() < 0.5 else "-fcommon", 0.3),
        ("-fno-semantic-interposition", 0.15), ("-fexceptions", 0.2),
    ]
    flags += [flag for flag, chance in options if rng.random() < chance]
    if compiler == "gcc" and rng.random() < 0.1:
        flags.append("-Wa,-mrelax-relocations=no")
    language = "c++" if rng.random() < cxx else "c"
    return Unit(index, side, language, compiler, code, tuple(flags))


@lru_cache(maxsize=64)
def render(world: World) -> Sources:
    """Writes the units. Each instance has random numbers of its own: others can be left out."""
    builder = Builder(world)
    for instance in world.instances:
        builder.instance = instance
        builder.rng = rng_for("instance", world.seed, instance.number)
        FEATURES[instance.feature][0](builder)
    return builder.sources()


# The plan.

LINK_FLAGS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("-z", "now"), 0.2), (("-z", "lazy"), 0.1), (("-z", "relro"), 0.1), (("-z", "norelro"), 0.1),
    (("--gc-sections",), 0.15), (("--no-relax",), 0.15), (("-O2",), 0.1), (("-O0",), 0.05),
    (("--hash-style=sysv",), 0.05), (("--hash-style=both",), 0.05), (("-E",), 0.15),
    (("-Bsymbolic",), 0.07), (("-Bsymbolic-functions",), 0.05), (("-z", "separate-code"), 0.05),
    (("-z", "noseparate-code"), 0.1), (("-z", "nocombreloc"), 0.05),
    (("-z", "pack-relative-relocs"), 0.1), (("--build-id",), 0.1), (("-s",), 0.05),
    (("-S",), 0.05), (("-z", "max-page-size=0x10000"), 0.05), (("--exclude-libs", "ALL"), 0.05),
    (("--compress-debug-sections=zlib",), 0.05), (("-z", "defs"), 0.05), (("-z", "text"), 0.1),
    (("-z", "initfirst"), 0.03), (("-z", "nodelete"), 0.03), (("--no-undefined-version",), 0.05),
    (("--eh-frame-hdr",), 0.9), (("-x",), 0.03), (("--no-copy-dt-needed-entries",), 0.02),
)

LIBRARY_FLAGS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("-Bsymbolic",), 0.1), (("-Bsymbolic-functions",), 0.1), (("-z", "now"), 0.15),
    (("--gc-sections",), 0.1), (("-z", "defs"), 0.05), (("--no-relax",), 0.1),
    (("-z", "noseparate-code"), 0.1), (("-z", "pack-relative-relocs"), 0.05),
    (("--hash-style=both",), 0.05), (("-O2",), 0.1), (("--eh-frame-hdr",), 0.95),
    (("-z", "norelro"), 0.05),
)


def choose_flags(
    rng: random.Random, table: tuple[tuple[tuple[str, ...], float], ...],
) -> tuple[tuple[str, ...], ...]:
    return tuple(words for words, chance in table if rng.random() < chance)


def make_plan(seed: int, world: World, sources: Sources) -> Plan:
    rng = rng_for("plan", seed)
    # Kinds are dealt out in turn, so that each world is linked as everything that it can be.
    kinds = sources.kinds or ("pie",)
    kind = kinds[(seed % PLANS + world.seed) % len(kinds)]
    items = [Item("object", (0,))]
    items += exe_items(rng, [u.index for u in world.units if u.side == "exe" and u.index != 0])
    libraries = [
        Item(rng.choices(("path", "search", "static"), (60, 30, 10))[0], library=side,
             as_needed=rng.random() < 0.4)
        for side in sorted({u.side for u in world.units if u.side != "exe"})
    ]
    if rng.random() < 0.3:
        rng.shuffle(libraries)
    # GNU ld reads archives when it meets them, so that most orders are refused or mean the same.
    order = rng.choices(("last", "first", "mixed"), (60, 20, 20))[0]
    if order == "last":
        items += libraries
    else:
        # GNU ld drops an unused library before it has seen what comes later.
        libraries = [replace(library, as_needed=False) for library in libraries]
        for library in libraries:
            items.insert(0 if order == "first" else rng.randint(0, len(items)), library)
    if sources.ordered:
        items = [plain for item in items for plain in as_objects(item, kind)]
    return Plan(
        kind, tuple(items), choose_flags(rng, LINK_FLAGS),
        # Three plans share their libraries' links.
        choose_flags(rng_for("libraries", seed // 3), LIBRARY_FLAGS))


def as_objects(item: Item, kind: str) -> list[Item]:
    """Without archives, whose members come in an order that is each linker's own."""
    if item.library:
        return [replace(item, form="objects" if kind in STATIC else "path")]
    return [replace(item, form="object")]


def exe_items(rng: random.Random, units: list[int]) -> list[Item]:
    """The program's own units: as objects, or in archives of some form."""
    items: list[Item] = []
    archived: list[int] = []
    for unit in units:
        if rng.random() < 0.45:
            archived.append(unit)
        else:
            items.append(Item("object", (unit,)))
    if rng.random() < 0.3:
        rng.shuffle(items)
    if len(archived) > 1 and rng.random() < 0.5:
        items.append(Item("cyclic", tuple(archived)))
    elif archived:
        form = rng.choice(("archive", "thin", "whole", "lazy"))
        items.append(Item(form, tuple(archived)))
    return items
