"""What a program or library shows at run time: looked for by name with dlsym, under version scripts,
dynamic lists, and visibilities."""

from __future__ import annotations

from ..builder import Builder
from ..model import Unit


def emit(b: Builder) -> None:
    rng = b.rng
    b.only("pie", "no-pie", "shared")
    definer = rng.choice(b.units)
    names = [b.name(stem) for stem in ("aa", "ab", "ba", "bb")]
    for name in names:
        words = rng.choice(("", "", "", "HIDDEN ", "PROTECTED ", "__attribute__((weak)) "))
        if rng.random() < 0.5:
            b.add(definer, f"{words}int {name} = {b.instance.number};")
        else:
            b.add(definer, f"{words}int {name}(void) {{ return {b.instance.number}; }}")
    b.check(definer, f"  put(\"{b.key('there')}\", 1);")
    prefix = b.name("")
    way = rng.choice(("script", "script", "versions", "list", "symbol", "none", "user"))
    if way == "script" or way == "versions":
        if not b.may_version(definer.side):
            return
        chosen = rng.sample((names[0], names[1], prefix + "a*", prefix + "*b", prefix + "?a", prefix + "b[ab]"), 2)
        hidden = rng.sample((names[2], names[3], prefix + "*", prefix + "b?", "*"), rng.randint(0, 1))
        if "*" in hidden:
            hidden = [prefix + "*"]
        node = "" if way == "script" else rng.choice(("V1", "V2"))
        if definer.language == "c++":
            names += demangled(b, definer, node)
        b.version(definer.side, node, chosen, hidden)
        if way == "versions" and names[2] not in hidden and rng.random() < 0.6:
            b.version(definer.side, "V3", [names[2]], [])
    elif way == "list":
        b.file(f"list{b.instance.number}.txt", f"{{ {names[0]}; {prefix}b*; }};\n")
        option = "--dynamic-list" if rng.random() < 0.7 else "--export-dynamic-symbol-list"
        b.flag(f"{option}=list{b.instance.number}.txt", target=definer.side)
    elif way == "symbol":
        b.flag(f"--export-dynamic-symbol={rng.choice((names[0], prefix + 'a*'))}", target=definer.side)
    elif way == "user":
        others = [unit for unit in b.units if unit.side != definer.side]
        if others:
            other = rng.choice(others)
            b.add(other, f"extern __attribute__((weak)) char {names[0]}[];\n"
                         f"char *volatile {names[0]}_from_{other.name} = {names[0]};")
            b.check(other, f"  put(\"{b.key('user')}\", {names[0]}_from_{other.name} != 0);")
    asker = rng.choice(b.units)
    b.add(asker, "extern void *dlsym(void *, const char *);\n"
                 "extern void *dlvsym(void *, const char *, const char *);")
    body = "".join(f"  put(\"{b.key(name)}\", dlsym(0, \"{name}\") != 0);\n" for name in names)
    if way == "versions":
        body += "".join(
            f"  put(\"{b.key(name + '.' + node)}\", dlvsym(0, \"{name}\", \"{node}\") != 0);\n"
            for name in names for node in ("V1", "V2", "V3"))
    b.check(asker, body)


def demangled(b: Builder, definer: Unit, node: str) -> list[str]:
    """Functions that a script names as C++ does, by glob or exactly; their names as they are."""
    space = f"x{b.instance.number}_space"
    b.add_cxx(definer, f"namespace {space} {{ int one(int) {{ return 1; }} int two(double) {{ return 2; }}\n"
                       f"struct kind {{ static int three(kind *); }}; int kind::three(kind *) {{ return 3; }} }}")
    pattern = b.rng.choice((f"{space}::*", f"\"{space}::one(int)\"", f"{space}::t*", "*kind::*"))
    local = b.rng.random() < 0.5
    words = [f"extern \"C++\" {{ {pattern}; }}"]
    others = [f"extern \"C++\" {{ {space}::*; }}"]
    b.version(definer.side, node, words, others if local and pattern != f"{space}::*" else [])
    stem = f"_ZN{len(space)}{space}"
    return [f"{stem}3oneEi", f"{stem}3twoEd", f"{stem}4kind5threeEPS0_"]
