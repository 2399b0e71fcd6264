"""What can cross units: each module writes one kind of thing into the units of a world."""

from __future__ import annotations

from collections.abc import Callable

from ..builder import Builder
from . import (
    absent, accesses, alias, bounds, common, constructors, cxx, exports, groups, indirect, redirect,
    reference, relocations, sets, strings, threadlocal, versions)

Feature = Callable[[Builder], None]

# Each feature, with its weight.
FEATURES: dict[str, tuple[Feature, int]] = {
    "reference": (reference.emit, 20),
    "thread-local": (threadlocal.emit, 12),
    "accesses": (accesses.emit, 12),
    "relocations": (relocations.emit, 12),
    "alias": (alias.emit, 8),
    "common": (common.emit, 5),
    "indirect": (indirect.emit, 7),
    "cxx": (cxx.emit, 10),
    "groups": (groups.emit, 6),
    "strings": (strings.emit, 5),
    "constructors": (constructors.emit, 5),
    "sets": (sets.emit, 5),
    "redirect": (redirect.emit, 6),
    "absent": (absent.emit, 6),
    "bounds": (bounds.emit, 4),
    "exports": (exports.emit, 6),
    "versions": (versions.emit, 6),
}
