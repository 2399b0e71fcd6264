"""Common symbols: of different sizes and alignments in several units, beside a definition, or beside
a library's variable; a neighbour that must not be written over."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    name = b.name("common")
    units = rng.sample(b.units, min(len(b.units), rng.randint(1, 3)))
    # A library's common symbol is a variable of the library.
    sizes = {unit: rng.choice((4, 8, 12, 64, 400)) for unit in units}
    for unit in units:
        b.asm(unit, f".comm {name}, {sizes[unit]}, {rng.choice((4, 8, 32, 64))}")
        b.asm(unit, f".comm {name}_next{unit.name}, 4, 4")
        b.add(unit, f"extern int {name}[{sizes[unit] // 4}];\nextern int {name}_next{unit.name};")
    # Nobody touches what the definition that counts may not have: one shorter than a common symbol,
    # or the variable of the library that is loaded first.
    sides = {unit.side: max(sizes[other] for other in units if other.side == unit.side)
             for unit in units if unit.side != "exe"}
    shortest = min(sides.values()) // 4 - 1 if len(sides) > 1 else 99
    last = {unit: min(sizes[unit] // 4 - 1, shortest) for unit in units}
    if rng.random() < 0.3:
        other = rng.choice([unit for unit in b.exe if unit not in units] or [b.main])
        if other not in units:
            weak = "__attribute__((weak)) " if rng.random() < 0.4 else ""
            length = rng.choice((100, 100, 2))
            b.add(other, f"{weak}int {name}[{length}] = {{{b.instance.number * 100}, 5}};")
            # Beside a weak definition, the other two do not look at libraries for a common's size.
            own = [sizes[unit] // 4 for unit in units if unit.side == "exe"]
            length = min(length, max(own)) if weak and own else length
            units = [*units, other]
            last[other] = 0
            last = {unit: min(index, length - 1) for unit, index in last.items()}
    if rng.random() < 0.3:
        b.asm(units[0], f".local {name}_own\n.comm {name}_own, 16, 16")
    for place, unit in enumerate(units):
        body = f"""  put("{b.key(unit.name)}", {name}[0] * 100 + {name}[{last[unit]}]);
  {name}[0] = {place + 1};
  {name}[{last[unit]}] += {place + 3};
"""
        if unit in units[:1]:
            body += f"  put(\"{b.key('next')}\", {name}_next{unit.name});\n  {name}_next{unit.name} = 7;\n"
        b.check(unit, body)
