"""Assembly with every way to reach a symbol: each function gives the distance to what C sees."""

from __future__ import annotations

import re

from ..builder import Builder
from ..model import Unit

# Instructions that leave the address of T (plus what the second word says) in %rax; what the unit's
# code and the symbol have to be: `near` is defined in the same output, `fixed` position-dependent.
ADDRESSES: tuple[tuple[str, int, str], ...] = (
    ("leaq T(%rip), %rax", 0, "near"),
    ("leaq T+4(%rip), %rax", 4, "near"),
    ("movq T@GOTPCREL(%rip), %rax", 0, ""),
    ("movq T@GOTPCREL(%rip), %r11\nmovq %r11, %rax", 0, ""),
    ("pushq T@GOTPCREL(%rip)\npopq %rax", 0, ""),
    ("xorl %eax, %eax\naddq T@GOTPCREL(%rip), %rax", 0, ""),
    ("xorl %eax, %eax\norq T@GOTPCREL(%rip), %rax", 0, ""),
    ("xorl %eax, %eax\nxorq T@GOTPCREL(%rip), %rax", 0, ""),
    ("orq $-1, %rax\nandq T@GOTPCREL(%rip), %rax", 0, ""),
    ("xorl %eax, %eax\nsubq T@GOTPCREL(%rip), %rax\nnegq %rax", 0, ""),
    ("clc\nmovl $0, %eax\nadcq T@GOTPCREL(%rip), %rax", 0, ""),
    ("clc\nmovl $0, %eax\nsbbq T@GOTPCREL(%rip), %rax\nnegq %rax", 0, ""),
    ("leaq _GLOBAL_OFFSET_TABLE_(%rip), %rcx\nmovabsq $T@GOTOFF, %rax\naddq %rcx, %rax", 0, "near"),
    ("leaq _GLOBAL_OFFSET_TABLE_(%rip), %rcx\nmovabsq $T@GOT, %rax\nmovq (%rcx,%rax), %rax", 0, ""),
    ("leaq _GLOBAL_OFFSET_TABLE_(%rip), %rcx\nmovq T@GOT(%rcx), %rax", 0, ""),
    ("1: leaq 1b(%rip), %rcx\nmovabsq $_GLOBAL_OFFSET_TABLE_-1b, %rax\naddq %rcx, %rax\n"
     "movabsq $T@GOTOFF, %rcx\naddq %rcx, %rax", 0, "near"),
    ("movl $T, %eax", 0, "fixed"),
    ("movq $T, %rax", 0, "fixed"),
    ("movq $T+8, %rax", 8, "fixed"),
    ("movabsq $T, %rax", 0, "fixed"),
    ("leaq T, %rax", 0, "fixed"),
    ("movslq D(%rip), %rax\nleaq D(%rip), %rcx\naddq %rcx, %rax|.long T - .", 0, "near"),
    ("movslq D(%rip), %rax\nleaq D(%rip), %rcx\naddq %rcx, %rax|.long T + 4 - .", 4, "near"),
    ("movq D(%rip), %rax\nleaq D(%rip), %rcx\naddq %rcx, %rax|.quad T - .", 0, "near"),
    ("movq D(%rip), %rax|.quad T", 0, ""),
    ("movq D(%rip), %rax|.quad T + 12", 12, ""),
    ("movq D+1(%rip), %rax|.byte 0\n.quad T", 0, ""),
    ("movl D(%rip), %eax|.long T", 0, "fixed"),
    ("movslq D(%rip), %rax\nleaq D(%rip), %rcx\naddq %rcx, %rax\nmovq (%rax), %rax|.long T@GOTPCREL", 0, ""),
)
CALLS: tuple[tuple[str, str], ...] = (
    ("call T", ""), ("call T@PLT", ""), ("call *T@GOTPCREL(%rip)", ""),
    ("subq $8, %rsp\ncall 1f\naddq $8, %rsp\nret\n1: jmp *T@GOTPCREL(%rip)", ""),
    ("subq $8, %rsp\ncall 1f\naddq $8, %rsp\nret\n1: jmp T@PLT", ""),
    ("leaq _GLOBAL_OFFSET_TABLE_(%rip), %rcx\nmovabsq $T@PLTOFF, %rax\naddq %rcx, %rax\ncall *%rax", ""),
    ("movslq D(%rip), %rax\nleaq D(%rip), %rcx\naddq %rcx, %rax\ncall *%rax|.long T@PLT", ""),
    ("xorl %eax, %eax\ntestq %rax, T@GOTPCREL(%rip)\ncall T@PLT", ""),
    ("movl $-1, %eax\ncmpq T@GOTPCREL(%rip), %rax\ncall T@PLT", ""),
    (".byte 0x67\ncall T", "near"), ("addr32 call T@PLT", ""),
)


def emit(b: Builder) -> None:
    rng = b.rng
    user = rng.choice(b.units)
    definer = rng.choice((user, *b.units))
    scope = rng.choice(("local", "hidden", "global", "global", "protected", "weak"))
    if definer is not user:
        scope = {"local": "global"}.get(scope, scope)
        if definer.side != user.side and scope in ("hidden", "protected"):
            scope = "global"
    near = definer is user and scope != "global" and scope != "weak" or \
        definer.side == user.side and (user.side == "exe" or scope in ("hidden", "protected"))
    if near and user.side == "exe" and user.code == "pic" and scope in ("global", "weak"):
        # In a shared output the symbol could be replaced.
        b.only("pie", "no-pie", "static", "static-pie")
    function = rng.random() < 0.35
    target = b.name("target")
    value = b.instance.number * 100
    binding = {"local": "", "hidden": f".globl {target}\n.hidden {target}", "global": f".globl {target}",
               "protected": f".globl {target}\n.protected {target}", "weak": f".weak {target}"}[scope]
    size = rng.choice((16, 32))
    section = ".text" if function else rng.choice(
        (".data", ".section .data.rel.ro,\"aw\"", ".bss", ".section .rodata"))
    if definer.side != user.side and section != ".text":
        section = ".data"
    body = f"movl ${value}, %eax\nret" if function else f".zero {size}"
    b.asm(definer, f"""{section}
{binding or '# local'}
.type {target}, {'@function' if function else '@object'}
.p2align 3
.zero 24
{target}:
{body}
.size {target}, {'.-' + target if function else size}
.zero 24""")
    lines: list[str] = []
    reference = address_in_c(b, user, target)
    ways = [way for way in ADDRESSES if fits(way[2], near, user.code)]
    for index, (code, offset, _) in enumerate(rng.sample(ways, min(len(ways), rng.randint(2, 6)))):
        function_text(b, user, f"{target}_way{index}", code, target)
        lines.append(f"  put(\"{b.key(f'way{index}')}\", {target}_way{index}() - (long){reference} - {offset});\n")
    if function:
        calls = [way for way in CALLS if fits(way[1], near, user.code)]
        for index, (code, _) in enumerate(rng.sample(calls, rng.randint(1, 3))):
            function_text(b, user, f"{target}_call{index}", code, target)
            lines.append(f"  put(\"{b.key(f'call{index}')}\", (int){target}_call{index}());\n")
    if rng.random() < 0.3 and scope != "weak":
        forms = [f"movl ${target}@SIZE, %eax", f"movabsq ${target}@SIZE, %rax"]
        if definer is user and user.side == "exe" and scope in ("local", "hidden"):
            function_text(b, user, f"{target}_size", rng.choice(forms), target)
            lines.append(f"  put(\"{b.key('size')}\", {target}_size());\n")
    b.check(user, "".join(lines))


def fits(condition: str, near: bool, code: str) -> bool:
    if condition == "near":
        return near
    if condition == "fixed":
        return code == "none"
    return True


def function_text(b: Builder, unit: Unit, name: str, code: str, target: str) -> None:
    code, _, data = code.partition("|")
    place = f"{name}_data"
    code = code.replace("D(", f"{place}(").replace("D+1(", f"{place}+1(")
    text = f".text\n.globl {name}\n.hidden {name}\n.type {name}, @function\n{name}:\n" \
           "pushq %rbx\n" + with_target(code, target) + f"\npopq %rbx\nret\n.size {name}, .-{name}\n"
    if data:
        text += f".section .data.rel.ro,\"aw\"\n.p2align 3\n{place}: {with_target(data, target)}\n"
    if "\nret\n" in code:
        # The function returns in the middle, behind a call of its own tail.
        text = text.replace("pushq %rbx\n", "", 1).replace("\npopq %rbx\nret\n.size", "\n.size")
    b.asm(unit, text)
    b.add(unit, f"extern HIDDEN long {name}(void);")


def with_target(code: str, target: str) -> str:
    return re.sub(r"\bT\b", target, code)


def address_in_c(b: Builder, unit: Unit, target: str) -> str:
    """An expression for the target's address, by a way of its own: a word of data."""
    b.asm(unit, f".section .data.rel.ro,\"aw\"\n.p2align 3\n.globl {target}_word_{unit.name}\n"
                f".hidden {target}_word_{unit.name}\n{target}_word_{unit.name}: .quad {target}")
    b.add(unit, f"extern HIDDEN char *{target}_word_{unit.name};")
    return f"{target}_word_{unit.name}"
