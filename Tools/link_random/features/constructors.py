"""Constructors and destructors, with priorities and without, and functions in arrays of their own:
the order in which they run is what the program prints."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    b.ordered()
    for unit in rng.sample(b.units, min(len(b.units), rng.randint(1, 3))):
        for index in range(rng.randint(1, 3)):
            which = rng.choice(("constructor", "destructor"))
            priority = rng.choice(("", "(101)", "(500)", "(65535)", f"({rng.randint(102, 999)})"))
            key = b.key(f"{unit.name}.{which}{index}{priority}")
            b.add(unit, f"__attribute__(({which}{priority}, used)) static void "
                        f"{b.name(f'{which}{index}_{unit.name}')}(void) {{ put(\"{key}\", {index}); }}")
        # Something of each unit is called, so that archives give it.
        b.check(unit, f"  put(\"{b.key(unit.name)}\", 1);")
