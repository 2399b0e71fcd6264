"""IFUNC: called, and its address taken, from the unit that defines it and from others."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    definer = rng.choice(b.units)
    name = b.name("indirect")
    scope = rng.choice(("", "", "HIDDEN ", "PROTECTED ", "static "))
    value = b.instance.number * 100 + definer.index * 10
    if scope == "static " and definer.language == "c++":
        # It has a C++ name there.
        scope = "HIDDEN "
    static = "static " if scope == "static " else ""
    shown = "" if static else scope
    b.add(definer, f"""static int {name}_one(int n) {{ return n + {value}; }}
static int {name}_two(int n) {{ return n - {value}; }}
typedef int (*{name}_type)(int);
extern HIDDEN {name}_type {name}_resolver(void);
__attribute__((used)) {name}_type {name}_resolver(void) {{
  return {rng.choice(('1', '0'))} ? {name}_one : {name}_two;
}}
__attribute__((ifunc("{name}_resolver"))) {shown}{static}int {name}(int);
static int unused_{name}(void) {{ return {name}_one(0) + {name}_two(0); }}
UNUSED static int (*{name}_keep)(void) = unused_{name};""")
    users = [definer]
    if scope != "static ":
        pool = b.units if scope != "HIDDEN " else b.on(definer.side)
        users = rng.sample(pool, min(len(pool), rng.randint(1, 3)))
    weakly = False
    for user in users:
        if user is not definer:
            weak = "__attribute__((weak)) " if rng.random() < 0.2 else ""
            weakly |= bool(weak)
            b.add(user, f"extern {weak}int {name}(int);")
        forms = rng.sample(("call", "address", "data"), rng.randint(1, 3))
        body = ""
        if "call" in forms:
            body += f"  put(\"{b.key(user.name)}\", {name}(1));\n"
        if "address" in forms or "data" in forms:
            b.add(user, f"NOINLINE int (*{name}_at_{user.name}(void))(int) {{ return {name}; }}")
            body += f"  put(\"{b.key(user.name + '.at')}\", {name}_at_{user.name}()(2));\n"
        if "data" in forms:
            b.add(user, f"int (*volatile {name}_data_{user.name})(int) = {name};")
            body += f"  put(\"{b.key(user.name + '.data')}\", {name}_data_{user.name}(3));\n"
            body += f"  put(\"{b.key(user.name + '.same')}\", " \
                    f"{name}_data_{user.name} == {name}_at_{user.name}());\n"
        b.check(user, body)
    if weakly:
        # Somebody has to ask for the unit, as a weak reference does not.
        b.check(definer, f"  put(\"{b.key('there')}\", 1);")
