"""A function, variable or constant, defined in one unit and used in others: bindings and
visibilities on both sides, addresses that have to be equal everywhere, values that are written in
one unit and read in another."""

from __future__ import annotations

from ..builder import Builder
from ..model import Unit

VISIBILITIES = {"default": "", "hidden": "HIDDEN ", "protected": "PROTECTED "}
ENTITIES = ("function", "variable", "zeroed", "constant", "pointer", "array")


def emit(b: Builder) -> None:
    rng = b.rng
    entity = rng.choice(ENTITIES)
    definer = rng.choice(b.units)
    users = rng.sample(b.units, min(len(b.units), rng.randint(1, 3)))
    one_side = all(user.side == definer.side for user in users)
    # A hidden symbol is of use on its own side only; the rest is refused, which is rarely wanted.
    legal = one_side or rng.random() < 0.03
    visibility = rng.choice(("default", "hidden" if legal else "default", "protected"))
    if visibility == "protected" and not one_side and entity != "function" and rng.random() < 0.8:
        visibility = "default"
    name = b.name(entity)
    weak = "__attribute__((weak)) " if rng.random() < 0.3 else ""
    define(b, definer, entity, name, weak + VISIBILITIES[visibility], 1)
    if rng.random() < 0.25:
        other = rng.choice([unit for unit in b.units if unit is not definer] or [definer])
        if other is not definer:
            if other.side != definer.side:
                # In a static program that is a duplicate, and refused.
                b.only("pie", "no-pie", "shared")
            binding = "" if other.side != definer.side else "__attribute__((weak)) "
            define(b, other, entity, name, binding, 2)
            users = [user for user in users if user is not other] or [definer]
    for user in users:
        use(b, user, entity, name, declared(b, user, definer, visibility))
    if len(users) > 1 and entity != "pointer":
        compare(b, users, name)


def declared(b: Builder, user: Unit, definer: Unit, visibility: str) -> str:
    """The attributes of a declaration: references may be weak, or less visible than asked for."""
    if user is definer:
        return ""
    words = ""
    if b.rng.random() < 0.3:
        words += "__attribute__((weak)) "
    if user.side == definer.side and (visibility == "hidden" or b.rng.random() < 0.15):
        words += VISIBILITIES[b.rng.choice(("hidden", "protected", "default"))]
    return words


def define(b: Builder, unit: Unit, entity: str, name: str, attributes: str, which: int) -> None:
    value = b.instance.number * 1000 + unit.index * 10 + which
    b.add(unit, {
        "function": f"{attributes}NOINLINE int {name}(void) {{ return {value}; }}",
        "variable": f"{attributes}int {name} = {value};",
        "zeroed": f"{attributes}int {name};",
        "constant": f"extern const int {name};\n{attributes}extern const int {name} = {value};"
        if unit.language == "c++" else f"{attributes}const int {name} = {value};",
        "pointer": f"static int {name}_target = {value};\n{attributes}int *{name} = &{name}_target;",
        "array": f"{attributes}long {name}[40] = {{{value}, 1, 2, [39] = {value + 5}}};"
        if unit.language == "c" else f"{attributes}long {name}[40] = {{{value}, 1, 2}};",
    }[entity])


def use(b: Builder, unit: Unit, entity: str, name: str, attributes: str) -> None:
    declaration = {
        "function": f"extern {attributes}int {name}(void);",
        "constant": f"extern {attributes}const int {name};",
        "pointer": f"extern {attributes}int *{name};",
        "array": f"extern {attributes}long {name}[40];",
    }.get(entity, f"extern {attributes}int {name};")
    address = f"(const char *)&{name}" if entity != "array" else f"(const char *){name}"
    offset = 24 if entity == "array" else b.rng.choice((0, 4, 100))
    b.add(unit, declaration)
    b.add(unit, f"NOINLINE const char *{name}_at_{unit.name}(void) {{ return {address}; }}")
    b.add(unit, f"const char *{name}_data_{unit.name} = {address};")
    # Behind a pointer that compilers cannot see through, as it might change.
    b.add(unit, f"static const char *volatile {name}_off_{unit.name} = {address} + {offset};")
    value = {"function": f"{name}()", "pointer": f"*{name}", "array": f"{name}[0] + {name}[39]"}
    body = f"""  if (!{name}_at_{unit.name}()) {{ say("{b.key(unit.name)}", "absent"); return; }}
  put("{b.key(unit.name)}", {value.get(entity, name)});
  put("{b.key(unit.name + '.data')}", {name}_data_{unit.name} == {name}_at_{unit.name}());
  put("{b.key(unit.name + '.off')}", {name}_off_{unit.name} - {name}_at_{unit.name}());
"""
    if entity in ("variable", "zeroed"):
        body += f"  {name} += {unit.index * 7 + 3};\n  put(\"{b.key(unit.name + '.written')}\", {name});\n"
    b.check(unit, body)


def compare(b: Builder, users: list[Unit], name: str) -> None:
    """Whether all see one address."""
    where = b.rng.choice(b.units)
    first = users[0].name
    b.add(where, "".join(f"extern const char *{name}_at_{user.name}(void);\n" for user in users))
    b.check(where, "".join(
        f"  put(\"{b.key('same.' + user.name)}\", {name}_at_{first}() == {name}_at_{user.name}());\n"
        for user in users[1:]))
