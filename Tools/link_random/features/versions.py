"""Symbols with versions in their names, old and new ones, and who gets which."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    b.only("pie", "no-pie", "shared")
    if not b.libraries:
        return
    side = rng.choice(b.libraries)
    if not b.may_version(side):
        return
    definer = rng.choice(b.on(side))
    name = b.name("api")
    data = rng.random() < 0.2
    first, second = f"V{b.instance.number}A", f"V{b.instance.number}B"
    newest = rng.choice(("@@", "@@@", "script", "none"))
    value = b.instance.number * 100
    b.add(definer, define(data, f"{name}_one", value + 1))
    b.asm(definer, f".symver {name}_one, {name}@{first}")
    if newest == "script":
        b.add(definer, define(data, name, value + 2))
        b.version(side, second, [name], [])
    elif newest != "none":
        b.add(definer, define(data, f"{name}_two", value + 2))
        b.asm(definer, f".symver {name}_two, {name}{newest}{second}")
        b.version(side, second, [name] if rng.random() < 0.5 else [f"{b.name('none')}"], [])
    else:
        b.version(side, second, [b.name("none")], [])
    b.version(side, first, [name] if newest != "script" and rng.random() < 0.5 else [b.name("nothing")], [])
    users = rng.sample(b.units, min(len(b.units), rng.randint(1, 3)))
    for user in users:
        forms = ["old", "new"] if newest != "none" else ["old"]
        if user.side == side and user is definer:
            continue
        form = rng.choice(forms)
        if form == "old":
            b.asm(user, f".symver {name}_old, {name}@{first}")
            seen = f"{name}_old"
        elif rng.random() < 0.4:
            b.asm(user, f".symver {name}_new, {name}@{second}")
            seen = f"{name}_new"
        else:
            seen = name
        b.add(user, f"extern int {seen};" if data else f"extern int {seen}(void);")
        call = seen if data else f"{seen}()"
        b.check(user, f"  put(\"{b.key(f'{user.name}.{form}')}\", {call});")
    asker = rng.choice(b.units)
    b.add(asker, "extern void *dlsym(void *, const char *);\n"
                 "extern void *dlvsym(void *, const char *, const char *);")
    call = "*(int *)at" if data else "((int (*)(void))at)()"
    body = "  void *at;\n"
    for key, look in (
            ("first", f"dlvsym(0, \"{name}\", \"{first}\")"),
            ("second", f"dlvsym(0, \"{name}\", \"{second}\")"),
            ("plain", f"dlsym(0, \"{name}\")"), ("one", f"dlsym(0, \"{name}_one\")")):
        body += f"  at = {look};\n  put(\"{b.key(key)}\", at ? {call} : -1);\n"
    b.check(asker, body)


def define(data: bool, name: str, value: int) -> str:
    return f"int {name} = {value};" if data else f"NOINLINE int {name}(void) {{ return {value}; }}"
