"""Assembly with the ways to reach thread-local variables that compilers choose between: each
function gives the variable's address."""

from __future__ import annotations

from ..builder import Builder
from ..model import Unit

# Code that leaves the address in %rax, and what it needs: `fixed` is for executables only, `own` for
# symbols of the same output.
WAYS: tuple[tuple[str, str], ...] = (
    (".byte 0x66\nleaq T@TLSGD(%rip), %rdi\n.word 0x6666\nrex64\ncall __tls_get_addr@PLT", ""),
    (".byte 0x66\nleaq T@TLSGD(%rip), %rdi\n.byte 0x66\nrex64\ncall *__tls_get_addr@GOTPCREL(%rip)", ""),
    ("leaq T@TLSLD(%rip), %rdi\ncall __tls_get_addr@PLT\nleaq T@DTPOFF(%rax), %rax", "own"),
    ("leaq T@TLSLD(%rip), %rdi\ncall *__tls_get_addr@GOTPCREL(%rip)\nleaq T@DTPOFF(%rax), %rax", "own"),
    ("movq %fs:0, %rax\naddq T@GOTTPOFF(%rip), %rax", ""),
    ("movq T@GOTTPOFF(%rip), %rax\naddq %fs:0, %rax", ""),
    ("movq T@GOTTPOFF(%rip), %r12\nmovq %fs:0, %rax\naddq %r12, %rax", ""),
    ("movq %fs:0, %r12\naddq T@GOTTPOFF(%rip), %r12\nmovq %r12, %rax", ""),
    ("movq %fs:0, %r13\naddq T@GOTTPOFF(%rip), %r13\nmovq %r13, %rax", ""),
    ("movq T@GOTTPOFF(%rip), %rbx\nmovq %fs:0, %rax\nleaq (%rax,%rbx), %rax", ""),
    ("leaq T@TLSDESC(%rip), %rax\ncall *T@TLSCALL(%rax)\naddq %fs:0, %rax", ""),
    ("leaq T@TLSDESC(%rip), %rax\nmovq %rax, %rax\ncall *T@TLSCALL(%rax)\naddq %fs:0, %rax", ""),
    ("leaq _TLS_MODULE_BASE_@TLSDESC(%rip), %rax\ncall *_TLS_MODULE_BASE_@TLSCALL(%rax)\n"
     "leaq T@DTPOFF(%rax), %rax\naddq %fs:0, %rax", "own"),
    ("movq %fs:0, %rax\nleaq T@TPOFF(%rax), %rax", "fixed"),
    ("movq %fs:0, %rax\naddq $T@TPOFF, %rax", "fixed"),
    ("movq $T@TPOFF, %rax\naddq %fs:0, %rax", "fixed"),
    ("movabsq $T@TPOFF, %rax\naddq %fs:0, %rax", "fixed"),
)


def emit(b: Builder) -> None:
    rng = b.rng
    definer = rng.choice(b.units)
    scope = rng.choice(("local", "hidden", "global", "global", "protected", "weak"))
    name = b.name("tls")
    zeroed = rng.random() < 0.4
    value = 0 if zeroed else b.instance.number * 100
    binding = {"local": "", "hidden": f".globl {name}\n.hidden {name}", "global": f".globl {name}",
               "protected": f".globl {name}\n.protected {name}", "weak": f".weak {name}"}[scope]
    before = rng.choice((0, 4, 100, 5000))
    own_section = rng.random() < 0.3
    section = f".section .t{'bss' if zeroed else 'data'}{'.' + name if own_section else ''},\"awT\"," \
              f"{'@nobits' if zeroed else '@progbits'}"
    b.asm(definer, f"""{section}
.p2align {rng.choice((2, 3, 5, 6))}
.zero {before}
{binding or '# local'}
.type {name}, @object
.size {name}, 4
{name}:
{'.zero 4' if zeroed else f'.long {value}'}
.zero 12""")
    if scope in ("local",):
        users = [definer]
    else:
        pool = b.on(definer.side) if scope in ("hidden", "protected") else b.units
        users = rng.sample(pool, min(len(pool), rng.randint(1, 2)))
    for user in users:
        own = user.side == definer.side and (user.side == "exe" or scope not in ("global", "weak"))
        ways = [way for way in WAYS if fits(way[1], own, user)]
        body = ""
        for index, (code, condition) in enumerate(rng.sample(ways, min(len(ways), rng.randint(2, 5)))):
            if condition == "fixed" or condition == "own" and scope in ("global", "weak"):
                # Not in a shared output.
                b.only("pie", "no-pie", "static", "static-pie")
            function(b, user, f"{name}_{user.name}_{index}", code.replace("T@", f"{name}@"))
            body += f"  put(\"{b.key(f'{user.name}.{index}')}\", *{name}_{user.name}_{index}());\n" \
                    f"  ++*{name}_{user.name}_{index}();\n"
        b.check(user, body)


def fits(condition: str, own: bool, unit: Unit) -> bool:
    if condition == "own":
        return own
    return condition != "fixed" or own and unit.side == "exe"


def function(b: Builder, unit: Unit, name: str, code: str) -> None:
    b.asm(unit, f"""
.text
.globl {name}
.hidden {name}
.type {name}, @function
{name}:
.cfi_startproc
pushq %rbx
pushq %r12
pushq %r13
{code}
popq %r13
popq %r12
popq %rbx
ret
.cfi_endproc
.size {name}, .-{name}""")
    b.add(unit, f"extern HIDDEN int *{name}(void);")
