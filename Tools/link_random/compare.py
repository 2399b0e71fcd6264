"""Where weld stands alone against the two that agree."""

from __future__ import annotations

import re

from .model import Difference, Outcome


def difference(weld: Outcome, bfd: Outcome, lld: Outcome) -> Difference | None:
    """The first thing in which the other two agree and weld does not."""
    if bfd.linked != lld.linked:
        return None
    if not bfd.linked:
        if not weld.linked or are_of_others(bfd.message, lld.message):
            return None
        return Difference("links", first_line(bfd.message))
    if not weld.linked:
        return Difference("refuses", first_line(weld.message))
    if bfd.status == lld.status != weld.status:
        return Difference("ends", f"{weld.status} in place of {bfd.status}", instances(weld, bfd))
    if bfd.lines == lld.lines:
        if weld.lines != bfd.lines:
            keys = differing(by_key(weld), by_key(bfd), list(by_key(bfd)))
            detail = describe(weld, bfd, keys) if keys else "another order"
            return Difference("prints", detail, numbers(keys))
        return None
    # The two do not agree in everything: what they agree in still counts.
    ours, first, second = by_key(weld), by_key(bfd), by_key(lld)
    agreed = [key for key in first if first[key] == second.get(key)]
    keys = differing(ours, first, agreed) if weld.status == bfd.status == lld.status else []
    return Difference("prints", describe(weld, bfd, keys), numbers(keys)) if keys else None


def first_line(message: str) -> str:
    lines = [line for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if "warning" not in line and "in function" not in line]
    return (errors or lines or ["no message"])[0][:200]


def are_of_others(bfd: str, lld: str) -> bool:
    """Whether two refusals are about different names, so that each linker does what the other refuses."""
    first, second = subjects(bfd), subjects(lld)
    return bool(first or second) and not any(name in lld for name in first) \
        and not any(name in bfd for name in second)


def subjects(message: str) -> set[str]:
    """The names that errors are about, without versions."""
    found: set[str] = set()
    for line in message.splitlines():
        if "in function" in line or "warning" in line:
            continue
        names = re.findall(r"[`']([^`']+)'", line) + re.findall(r"symbol: (\S+)", line)
        found.update(name.partition("@")[0] for name in names)
    return found


def by_key(outcome: Outcome) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in outcome.lines:
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    return values


def differing(
    ours: dict[str, list[str]], theirs: dict[str, list[str]], keys: list[str],
) -> list[str]:
    return [key for key in keys if ours.get(key) != theirs[key]] + \
        [key for key in ours if key not in theirs and keys == list(theirs)]


def describe(weld: Outcome, bfd: Outcome, keys: list[str]) -> str:
    ours, theirs = by_key(weld), by_key(bfd)
    return "; ".join(
        f"{key}: {' '.join(ours.get(key, ['nothing']))} in place of "
        f"{' '.join(theirs.get(key, ['nothing']))}" for key in keys[:4])


def instances(weld: Outcome, bfd: Outcome) -> tuple[int, ...]:
    ours, theirs = by_key(weld), by_key(bfd)
    return numbers(differing(ours, theirs, list(theirs)))


def numbers(keys: list[str]) -> tuple[int, ...]:
    """The instances that keys belong to: `3.u1.data` is the third's."""
    found = {key.partition(".")[0] for key in keys}
    return tuple(sorted(int(number) for number in found if number.isdigit()))
