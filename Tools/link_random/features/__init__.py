"""What can cross units: each module writes one kind of thing into the units of a world."""

from __future__ import annotations

from collections.abc import Callable

from ..builder import Builder
from . import constructors, reference, strings, threadlocal

Feature = Callable[[Builder], None]

# Each feature, with its weight: how many of a hundred instances it makes.
FEATURES: dict[str, tuple[Feature, int]] = {
    "reference": (reference.emit, 40),
    "thread-local": (threadlocal.emit, 30),
    "strings": (strings.emit, 10),
    "constructors": (constructors.emit, 10),
}
