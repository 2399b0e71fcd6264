"""Section groups written by hand: copies that differ tell which one was kept; what belongs to a
dropped copy goes with it."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    b.ordered()
    name = b.name("group")
    units = rng.sample(b.units, min(len(b.units), rng.randint(1, 3)))
    data = rng.random() < 0.5
    linkonce = rng.random() < 0.2
    binding = rng.choice((".weak", ".weak", ".globl"))
    visibility = rng.choice(("", "", ".hidden"))
    follower = not linkonce and rng.random() < 0.4
    for place, unit in enumerate(units):
        section = "data" if data else "text"
        flags = "aw" if data else "ax"
        head = f".section .gnu.linkonce.{section[0]}.{name},\"{flags}\",@progbits" if linkonce else \
            f".section .{section}.{name},\"{flags}G\",@progbits,{name},comdat"
        value = b.instance.number * 100 + place
        body = f".long {value}" if data else f"movl ${value}, %eax\nret"
        text = f"""{head}
{binding} {name}
{visibility + ' ' + name if visibility else ''}
.type {name}, {'@object' if data else '@function'}
.p2align 2
{name}:
{body}
.size {name}, .-{name}
"""
        if follower:
            text += f".section .data.{name}_more,\"awG\",@progbits,{name},comdat\n.p2align 2\n" \
                    f"{binding} {name}_more\n{name}_more: .long {value + 50}\n"
        if follower and rng.random() < 0.5:
            text += f".section order{b.instance.number},\"ao\",@progbits,.{section}.{name}\n.long {value}\n"
        b.asm(unit, "\n".join(line for line in text.splitlines() if line.strip()))
        hidden = "HIDDEN " if visibility else ""
        call = name if data else f"{name}()"
        b.add(unit, f"extern {hidden}int {name}{'' if data else '(void)'};")
        checks = f"  put(\"{b.key(unit.name)}\", {call});\n"
        if follower:
            b.add(unit, f"extern int {name}_more;")
            checks += f"  put(\"{b.key(unit.name + '.more')}\", {name}_more);\n"
        if data:
            checks += f"  {name} += 7;\n"
        b.check(unit, checks)
