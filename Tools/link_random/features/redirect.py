"""Options that give a name another meaning: `--wrap`, `--defsym`, `-u`."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    b.rng.choice((wrap, wrap, alias, number, undefined))(b)


def wrap(b: Builder) -> None:
    rng = b.rng
    name = b.name("wrapped")
    user = rng.choice(b.units)
    definer = rng.choice([unit for unit in b.units if unit is not user] or [user])
    wrapper = rng.choice([unit for unit in b.on(user.side) if unit is not definer] or [user])
    function = rng.random() < 0.75
    if definer is user:
        return
    value = b.instance.number * 100
    if function:
        b.add(definer, f"NOINLINE int {name}(int n) {{ return n + {value}; }}")
        calls_real = rng.random() < 0.7
        if wrapper is not definer:
            b.add(wrapper, f"extern int __real_{name}(int);")
        inner = f"__real_{name}(n) * 2" if calls_real and wrapper is not definer else f"n + {value + 50}"
        b.add(wrapper, f"NOINLINE int __wrap_{name}(int n) {{ return {inner}; }}")
        b.add(user, f"extern int {name}(int);\nint (*volatile {name}_data)(int) = {name};")
        b.check(user, f"""  put("{b.key('call')}", {name}(1));
  put("{b.key('data')}", {name}_data(2));""")
        if rng.random() < 0.4:
            # The unit that defines it goes on using its own.
            b.check(definer, f"  put(\"{b.key('own')}\", {name}(3));")
        if rng.random() < 0.3 and user is not wrapper:
            b.add(user, f"extern int __real_{name}(int);")
            b.check(user, f"  put(\"{b.key('real')}\", __real_{name}(4));")
    else:
        b.add(definer, f"int {name} = {value};")
        b.add(wrapper, f"int __wrap_{name} = {value + 1};")
        b.add(user, f"extern int {name};")
        b.check(user, f"  put(\"{b.key('value')}\", {name});")
    b.flag(f"--wrap={name}", target=user.side)


def alias(b: Builder) -> None:
    rng = b.rng
    name, base = b.name("other"), b.name("base")
    side = rng.choice(("exe", "exe", *b.libraries))
    definer = rng.choice(b.on(side))
    user = rng.choice(b.on(side))
    function = rng.random() < 0.4
    value = b.instance.number * 100
    visibility = rng.choice(("", "", "HIDDEN "))
    if function:
        b.add(definer, f"NOINLINE {visibility}int {base}(void) {{ return {value}; }}")
        b.add(user, f"extern {visibility}int {name}(void);")
        b.check(user, f"  put(\"{b.key('value')}\", {name}());")
        b.flag(f"--defsym={name}={base}", target=side)
        return
    offset = rng.choice((0, 0, 8))
    b.add(definer, f"{visibility}int {base}[4] = {{{value}, 1, 2, 3}};")
    b.check(definer, f"  {base}[0] += 1;")
    b.add(user, f"extern {visibility}int {name}[2];")
    b.check(user, f"  put(\"{b.key('value')}\", {name}[0]);")
    b.flag(f"--defsym={name}={base}" + (f"+{offset}" if offset else ""), target=side)


def number(b: Builder) -> None:
    rng = b.rng
    name = b.name("number")
    user = rng.choice(b.exe)
    value = rng.choice((0, 1, 0x1234, 0x7fff0000))
    b.add(user, f"extern char {name}[];\nchar *volatile {name}_data = {name};")
    body = f"  put(\"{b.key('data')}\", (long){name}_data);\n"
    if user.code != "pie":
        # Code that forms it relative to itself would get what the loader adds.
        body += f"  put(\"{b.key('code')}\", (long){name});\n"
    b.check(user, body)
    b.flag(f"--defsym={name}={value:#x}")


def undefined(b: Builder) -> None:
    """Something only -u asks for: its constructor tells that it is there."""
    definer = b.rng.choice(b.exe)
    name = b.name("asked")
    b.add(definer, f"int {name};\n__attribute__((constructor)) static void {name}_tells(void) "
                   f"{{ put(\"{b.key('there')}\", 1); }}")
    if b.rng.random() < 0.7:
        b.flag("-u", name)
