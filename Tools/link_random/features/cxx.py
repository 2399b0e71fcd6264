"""C++: inline functions and variables, local statics, templates, exceptions and casts across units,
thread-locals that are initialised when they are used."""

from __future__ import annotations

from ..builder import Builder
from ..model import Unit


def emit(b: Builder) -> None:
    if not b.cxx_units:
        return
    b.rng.choice((inline, inline, exceptions, exceptions, thread_local, virtual))(b)


def some(b: Builder) -> list[Unit]:
    return b.rng.sample(b.cxx_units, min(len(b.cxx_units), b.rng.randint(1, 3)))


def inline(b: Builder) -> None:
    """One of each, whoever has a copy: counts go on from unit to unit."""
    n = b.instance.number
    hidden = b.rng.choice(("", "", "", "HIDDEN "))
    for unit in some(b):
        b.add_cxx(unit, f"""{hidden}inline int x{n}_count() {{ static int count = {n}; return ++count; }}
{hidden}inline int x{n}_variable = {n * 10};
template <int N> struct {hidden}x{n}_template {{ static int value; NOINLINE int next() {{ return value += N; }} }};
template <int N> int x{n}_template<N>::value = N;
struct {hidden}x{n}_class {{ NOINLINE static int *own() {{ static int own = 3; return &own; }} }};
""")
        b.check(unit, f"""  put("{b.key(unit.name + '.count')}", x{n}_count());
  put("{b.key(unit.name + '.variable')}", x{n}_variable++);
  put("{b.key(unit.name + '.template')}", x{n}_template<5>().next());
  put("{b.key(unit.name + '.own')}", ++*x{n}_class::own());
""")


def exceptions(b: Builder) -> None:
    """Thrown in one unit, caught in another; what a frame in between has to clean up is cleaned up."""
    n = b.instance.number
    thrower, catcher = b.rng.choice(b.cxx_units), b.rng.choice(b.cxx_units)
    between = b.rng.choice(b.cxx_units)
    classes = f"struct x{n}_base {{ virtual ~x{n}_base() {{}} virtual int tell() {{ return {n}; }} }};\n" \
              f"struct x{n}_derived : x{n}_base {{ int more = 4; int tell() override {{ return {n} + more; }} }};\n"
    for unit in {thrower, catcher}:
        b.add_cxx(unit, classes)
    kind = b.rng.choice(("class", "int", "pointer"))
    thrown = {"class": f"x{n}_derived()", "int": str(n * 7), "pointer": "\"text\""}[kind]
    caught = {"class": (f"x{n}_base &caught", "caught.tell()"), "int": ("int caught", "caught"),
              "pointer": ("const char *caught", "caught[0]")}[kind]
    b.add_cxx(thrower, f"NOINLINE void x{n}_throw(int n) {{ if (n) throw {thrown}; }}")
    if between is not thrower:
        b.add_cxx(between, f"void x{n}_throw(int);")
    b.add_cxx(between, f"""struct x{n}_guard {{ NOINLINE ~x{n}_guard() {{ put("{b.key('cleaned')}", 1); }} }};
NOINLINE void x{n}_middle(int n) {{ x{n}_guard guard; x{n}_throw(n); put("{b.key('passed')}", n); }}""")
    if catcher is not between:
        b.add_cxx(catcher, f"void x{n}_middle(int);")
    b.check(catcher, f"""  x{n}_middle(0);
  try {{ x{n}_middle(1); put("{b.key('none')}", 0); }}
  catch ({caught[0]}) {{ put("{b.key('caught')}", {caught[1]}); }}
  catch (...) {{ put("{b.key('other')}", 0); }}
""")


def thread_local(b: Builder) -> None:
    n = b.instance.number
    definer = b.rng.choice(b.cxx_units)
    dynamic = b.rng.random() < 0.6
    initializer = f"x{n}_first()" if dynamic else str(n * 3)
    b.add_cxx(definer, f"NOINLINE int x{n}_first() {{ put(\"{b.key('first')}\", 1); return {n * 5}; }}\n"
                       f"thread_local int x{n}_each = {initializer};")
    for unit in some(b):
        if unit is not definer:
            b.add_cxx(unit, f"extern thread_local int x{n}_each;")
        b.check(unit, f"  put(\"{b.key(unit.name)}\", x{n}_each++);")


def virtual(b: Builder) -> None:
    """A class whose key function is in one unit; casts and type names in others."""
    n = b.instance.number
    definer = b.rng.choice(b.cxx_units)
    declaration = f"struct x{n}_root {{ virtual int key(); virtual ~x{n}_root() {{}} int own = 1; }};\n" \
                  f"struct x{n}_side {{ virtual int side() {{ return 2; }} virtual ~x{n}_side() {{}} }};\n" \
                  f"struct x{n}_both : virtual x{n}_root, x{n}_side {{ int key() override; }};\n"
    users = {definer, *some(b)}
    for unit in sorted(users, key=lambda unit: unit.index):
        b.add_cxx(unit, declaration)
        if unit is definer:
            b.add_cxx(unit, f"int x{n}_root::key() {{ return {n}; }}\nint x{n}_both::key() {{ return {n + 1}; }}\n"
                            f"NOINLINE x{n}_root *x{n}_make(int n) {{ return n ? new x{n}_both : new x{n}_root; }}")
        else:
            b.add_cxx(unit, f"x{n}_root *x{n}_make(int);")
        b.check(unit, f"""  for (int i = 0; i < 2; i++) {{
    x{n}_root *made = x{n}_make(i);
    put("{b.key(unit.name + '.key')}", made->key());
    x{n}_side *cast = dynamic_cast<x{n}_side *>(made);
    put("{b.key(unit.name + '.cast')}", cast ? cast->side() : -1);
  }}
  x{n}_both own;
  put("{b.key(unit.name + '.own')}", static_cast<x{n}_root &>(own).key());
""")
