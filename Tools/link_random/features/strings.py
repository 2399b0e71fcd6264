"""Strings and constants that linkers merge: each place has to read what was written there."""

from __future__ import annotations

from ..builder import Builder
from ..model import Unit

WORDS = ("alpha", "beta", "gamma", "a gamma", "longer gamma", "", "a", "beta beta", "delta delta delta")


def emit(b: Builder) -> None:
    rng = b.rng
    for unit in rng.sample(b.units, min(len(b.units), rng.randint(1, 3))):
        words = rng.sample(WORDS, rng.randint(1, 4))
        body = ""
        for index, word in enumerate(words):
            name = b.name(f"s{index}_{unit.name}")
            skip = rng.randint(0, len(word))
            b.add(unit, f"static const char *volatile {name} = \"{word}\" + {skip};")
            body += f"  say(\"{b.key(f'{unit.name}.{index}')}\", {name});\n"
            body += f"  say(\"{b.key(f'{unit.name}.{index}.direct')}\", \"{word}\");\n"
        constants(b, unit, rng.choice((4, 8, 16)))
        b.check(unit, body + constant_check(b, unit))


def constants(b: Builder, unit: Unit, size: int) -> None:
    """A section of constants that may be merged; each has a label of its own, and pointers lead to
    its beginning or into it."""
    rng = b.rng
    table = b.name(f"k_{unit.name}")
    directive = ".long" if size == 4 else ".quad"
    entries = "\n".join(
        f".L{table}_{index}: {directive} {rng.choice((1, 2, 3, 0x1234, 99))}"
        + (f", {rng.choice((0, 1, 7))}" if size == 16 else "") for index in range(4))
    visible = f".globl {table}_2\n.hidden {table}_2\n{table}_2:\n" if rng.random() < 0.3 else ""
    into = rng.choice((0, 0, size // 2))
    b.asm(unit, f"""
.section .rodata.cst{size},"aM",@progbits,{size}
.p2align {size.bit_length() - 1}
{visible}{entries}
.section .data.rel.ro,"aw"
.p2align 3
.globl {table}
.hidden {table}
{table}:
.quad .L{table}_0, .L{table}_1, .L{table}_2 + {into}, .L{table}_3 + {into}
""")


def constant_check(b: Builder, unit: Unit) -> str:
    table = b.name(f"k_{unit.name}")
    b.add(unit, f"extern HIDDEN const short *{table}[4];")
    return "".join(
        f"  put(\"{b.key(f'{unit.name}.k{index}')}\", *{table}[{index}]);\n" for index in range(4))
