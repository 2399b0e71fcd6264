"""Prints a difference so that a link case is easily made of it."""

from __future__ import annotations

import shlex

from . import toolchain
from .evaluate import Workshop
from .examine import Verdict
from .model import Difference, Program, Sources


def text(program: Program, sources: Sources, workshop: Workshop, difference: Difference,
         verdict: Verdict | None) -> str:
    features = ", ".join(instance.feature for instance in program.world.instances)
    lines = [f"=== seed {program.seed}: {difference.kind}: {difference.detail}",
             f"    {program.plan.kind}; {features}", ""]
    for name, content in sources.files.items():
        lines += [f"--- {name}", content.rstrip(), ""]
    lines.append("--- commands")
    for unit in sources.units:
        lines.append(shlex.join(toolchain.compile_command(unit)))
    for command in workshop.commands(program.plan, "weld", "out.weld"):
        lines.append(shlex.join(command))
    if verdict:
        for name, outcome in verdict.outcomes.items():
            lines += ["", f"--- {name}: {outcome.status}"]
            lines += (outcome.message.splitlines() or list(outcome.lines))[:40]
    return "\n".join(lines) + "\n"
