"""Names that the linker defines: what holds between them, and what they are the bounds of."""

from __future__ import annotations

from ..builder import Builder

CHECKS = {
    "header": ("extern HIDDEN const char __ehdr_start[];",
               "__ehdr_start[0] == 0x7f && __ehdr_start[1] == 'E'"),
    "executable": ("extern HIDDEN const char __executable_start[];", "__executable_start[1] == 'E'"),
    "bss": ("extern char __bss_start[], _end[];", "__bss_start <= _end"),
    "zeroed": ("extern char __bss_start[], _end[];\nstatic char {name}_zero[4];",
               "__bss_start <= {name}_zero && {name}_zero < _end"),
    "data": ("extern char _edata[], _end[];\nstatic int {name}_data = 5;",
             "(char *)&{name}_data < _edata && _edata <= _end"),
    "text": ("extern char _etext[];\nUNUSED NOINLINE static int {name}_f(void) { return 1; }",
             "(char *)&{name}_f < _etext"),
    "init": ("extern HIDDEN void (*__init_array_start[])(void), (*__init_array_end[])(void);",
             "__init_array_end - __init_array_start > 0"),
    "fini": ("extern HIDDEN void (*__fini_array_start[])(void), (*__fini_array_end[])(void);",
             "__fini_array_end - __fini_array_start > 0"),
    "preinit": ("extern HIDDEN void (*__preinit_array_start[])(void), (*__preinit_array_end[])(void);",
                "__preinit_array_end - __preinit_array_start"),
    "dynamic": ("extern HIDDEN __attribute__((weak)) long _DYNAMIC[];", "_DYNAMIC ? 1 : 0"),
    "table": ("extern HIDDEN __attribute__((weak)) long _GLOBAL_OFFSET_TABLE_[];", "_GLOBAL_OFFSET_TABLE_ != 0"),
    "handle": ("extern HIDDEN void *__dso_handle;", "__dso_handle == 0 || __dso_handle == &__dso_handle"),
}


def emit(b: Builder) -> None:
    rng = b.rng
    unit = rng.choice(b.exe if rng.random() < 0.7 else b.units)
    for name in rng.sample(sorted(CHECKS), rng.randint(1, 3)):
        if unit.side != "exe" and name not in ("header", "dynamic", "table", "handle"):
            # At run time those are the program's.
            continue
        if name == "table" and unit.compiler != "gcc" and "-mcmodel=large" in unit.flags:
            # clang confuses the table's address with that of its slot.
            continue
        declaration, expression = CHECKS[name]
        own = b.name(name)
        b.add(unit, declaration.replace("{name}", own))
        b.check(unit, f"  put(\"{b.key(name + '.' + unit.name)}\", (long)({expression.replace('{name}', own)}));")
