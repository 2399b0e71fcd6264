"""Several names of one place: weak and strong aliases, of different visibility; what is written
under one name is read under another, copies included."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    definer = rng.choice(b.units)
    function = rng.random() < 0.3
    base = b.name("base")
    value = b.instance.number * 100 + definer.index
    own = rng.choice(("", "static ", "HIDDEN ", "PROTECTED " if function else "", ""))
    if own == "static " and definer.language == "c++":
        # It has a C++ name there.
        own = "HIDDEN "
    if function:
        b.add(definer, f"NOINLINE __attribute__((used)) {own}int {base}(void) {{ return {value}; }}")
    else:
        b.add(definer, f"__attribute__((used)) {own}int {base}[4] = {{{value}, 1, 2, 3}};")
    seen = [] if own in ("static ", "HIDDEN ") else [base]
    for index in range(rng.randint(1, 3)):
        name = b.name(f"alias{index}")
        words = rng.choice(("", "weak, ", "weak, "))
        visibility = rng.choice(("", "", "PROTECTED " if function else "", "HIDDEN "))
        suffix = "(void)" if function else "[4]"
        b.add(definer, f"extern {visibility}int {name}{suffix} __attribute__(({words}alias(\"{base}\")));")
        if visibility != "HIDDEN ":
            seen.append(name)
    if rng.random() < 0.3 and not function and seen:
        # One that begins inside.
        inner = b.name("inner")
        b.asm(definer, f".globl {inner}\n.type {inner}, @object\n.size {inner}, 8\n.set {inner}, {base} + 8")
        b.add(definer, f"extern int {inner}[2];")
        b.check(definer, f"  put(\"{b.key('inner')}\", {inner}[0]);")
    for user in rng.sample(b.units, min(len(b.units), rng.randint(1, 3))):
        for name in rng.sample(seen, min(len(seen), rng.randint(1, 3))):
            if user is definer:
                continue
            key = b.key(f"{user.name}.{name}")
            if function:
                b.add(user, f"extern int {name}(void);")
                b.check(user, f"  put(\"{key}\", {name}());")
            else:
                b.add(user, f"extern int {name}[4];")
                b.check(user, f"  put(\"{key}\", {name}[0] * 10 + {name}[3]);\n  {name}[0] += 3; {name}[3] += 1;")
    if not function:
        b.check(definer, f"  put(\"{b.key('after')}\", {base}[0] * 10 + {base}[3]);")
