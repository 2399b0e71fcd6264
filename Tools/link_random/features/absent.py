"""Weak references to what nobody defines, or what only some kinds of programs define."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    for index in range(rng.randint(1, 3)):
        user = rng.choice(b.units)
        name = b.name(f"absent{index}")
        entity = rng.choice(("function", "variable", "thread-local"))
        visibility = rng.choice(("", "", "HIDDEN "))
        weak = f"extern __attribute__((weak)) {visibility}"
        key = b.key(f"{index}.{user.name}")
        if entity == "thread-local":
            b.add(user, f"{weak}__thread int {name};\nNOINLINE UNUSED int *{name}_at(void) {{ return &{name}; }}")
            b.check(user, f"  put(\"{key}\", 1);")
            continue
        data = rng.random() < 0.6
        if entity == "function":
            b.add(user, f"{weak}int {name}(void);")
            body = f"  put(\"{key}\", {name} ? {name}() : -1);\n"
        else:
            b.add(user, f"{weak}int {name};")
            body = f"  put(\"{key}\", &{name} ? {name} : -1);\n"
        if data:
            offset = rng.choice((0, 0, 8))
            b.add(user, f"const char *volatile {name}_data_{user.name} = (const char *)&{name} + {offset};")
            body += f"  put(\"{key}.data\", (long){name}_data_{user.name});\n"
        b.check(user, body)
        if rng.random() < 0.2:
            # Somebody has it, though nobody may ask for it.
            definer = rng.choice([unit for unit in b.units if unit is not user] or [user])
            if definer is not user and not visibility:
                b.add(definer, f"int {name}{'(void) { return 5; }' if entity == 'function' else ' = 5;'}")
