"""Thread-local variables: every model from every unit, local and exported, large, aligned, without
bytes; each starts with its own value, and all are apart."""

from __future__ import annotations

from ..builder import Builder
from ..model import Unit

MODELS = ("", "global-dynamic", "local-dynamic", "initial-exec", "local-exec")


def emit(b: Builder) -> None:
    rng = b.rng
    for index in range(rng.randint(1, 3)):
        variable(b, index)


def variable(b: Builder, index: int) -> None:
    rng = b.rng
    definer = rng.choice(b.units)
    scope = rng.choice(("static", "hidden", "global", "global", "weak"))
    name = b.name(f"t{index}")
    alignment = rng.choice((4, 4, 4, 8, 16, 64, 256, 4096))
    count = rng.choice((1, 1, 1, 3, 40, 700))
    zeroed = rng.random() < 0.4
    value = 0 if zeroed else b.instance.number * 1000 + definer.index * 10 + index
    users = [definer]
    if scope != "static":
        pool = b.units if scope != "hidden" else b.on(definer.side)
        users = rng.sample(pool, min(len(pool), rng.randint(1, 3)))
    attributes = {"static": "static ", "hidden": "HIDDEN ", "weak": "__attribute__((weak)) "}.get(scope, "")
    attributes += f"__attribute__((aligned({alignment}))) "
    initializer = "" if zeroed else f" = {{{value}}}"
    # The definition comes first; a model may be named there only by the unit that defines it.
    own = model(b, definer, True) if definer in users else ""
    b.add(definer, f"{attributes}{own}__thread int {name}[{count}]{initializer};")
    for user in users:
        if user is not definer:
            b.add(user, f"extern {model(b, user, user.side == definer.side)}__thread int {name}[{count}];")
        b.add(user, f"NOINLINE int *{name}_at_{user.name}(void) {{ return {name}; }}")
        b.check(user, f"""  int *volatile at = {name}_at_{user.name}();
  put("{b.key(f't{index}.{user.name}')}", at[0]);
  put("{b.key(f't{index}.{user.name}.direct')}", {name}[0] + {name}[{count - 1}]);
  put("{b.key(f't{index}.{user.name}.aligned')}", (long)at % {alignment});
  for (int i = 0; i < {count}; i++) at[i] += {user.index + 1};
  put("{b.key(f't{index}.{user.name}.after')}", {name}[0] * 10 + {name}[{count // 2}]);
""")


def model(b: Builder, unit: Unit, same_side: bool) -> str:
    """A model that is legal for the unit; initial-exec in libraries, too."""
    rng = b.rng
    if rng.random() < 0.5:
        return ""
    legal = ["global-dynamic", "initial-exec"]
    if same_side and unit.side == "exe":
        legal.append("local-exec")
        legal.append("local-dynamic")
        # Local-exec does not go into a shared output.
        choice = rng.choice(legal)
        if choice == "local-exec":
            if unit.code == "pic":
                b.only("pie", "no-pie", "static", "static-pie")
        return f"__attribute__((tls_model(\"{choice}\"))) "
    return f"__attribute__((tls_model(\"{rng.choice(legal)}\"))) "
