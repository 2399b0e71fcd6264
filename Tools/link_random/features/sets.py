"""Sections whose beginning and end have names: `__start_X`, `__stop_X`."""

from __future__ import annotations

from ..builder import Builder


def emit(b: Builder) -> None:
    rng = b.rng
    b.ordered()
    section = f"set{b.instance.number}"
    members = rng.sample(b.units, min(len(b.units), rng.randint(0, 3)))
    readonly = rng.random() < 0.5
    entity = "const int" if readonly else "int"
    for unit in members:
        for index in range(rng.randint(1, 3)):
            keep = rng.choice(("used", "used", "used, retain")) if unit.compiler == "gcc" else "used"
            b.add(unit, f"__attribute__((section(\"{section}\"), {keep})) static {entity} "
                        f"{b.name(f'member{index}_{unit.name}')} = {unit.index * 10 + index + 1};")
        # So that archives give the unit.
        b.check(unit, f"  put(\"{b.key(unit.name)}\", 0);")
    for user in rng.sample(b.units, min(len(b.units), rng.randint(1, 2))):
        own = any(unit.side == user.side for unit in members)
        visibility = rng.choice(("", "HIDDEN ", "HIDDEN ", "PROTECTED "))
        weak = "" if own and rng.random() < 0.7 else "__attribute__((weak)) "
        b.add(user, f"extern {weak}{visibility}{entity} __start_{section}[], __stop_{section}[];")
        b.check(user, f"""  long sum = 0, count = 0;
  for ({entity} *at = __start_{section}; at && at < __stop_{section}; at++) {{
    sum = sum * 3 + *at;
    count++;
  }}
  put("{b.key(user.name + '.count')}", count);
  put("{b.key(user.name + '.sum')}", sum);
""")
