"""The command line, and the loop over seeds."""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import report
from .evaluate import Linkers, Workshop, build_host
from .examine import Verdict, examine
from .features import FEATURES
from .generate import PLANS, program as make_program, render
from .model import Difference, Program
from .shrink import Shrinker
from .toolchain import Trouble


@dataclass
class Settings:
    """What workers need to know."""

    linkers: Linkers
    directory: str
    host: str
    only: tuple[str, ...]
    keep: str | None
    shrinks: bool


@dataclass
class Findings:
    """What came of a world's programs."""

    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    reports: list[tuple[int, str, str]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


settings: Settings


def begin(given: Settings) -> None:
    global settings
    settings = given
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["LC_ALL"] = "C"


def try_world(seeds: range) -> Findings:
    """All programs of one world that are asked for."""
    findings = Findings()
    workshop: Workshop | None = None
    for seed in seeds:
        try:
            program, sources = make_program(seed, settings.only)
            if workshop is None:
                workshop = Workshop(
                    os.path.join(settings.directory, f"world{program.world.seed}"), settings.linkers,
                    sources, settings.host)
            if not sources.kinds:
                findings.counts["impossible"] += 1
                continue
            verdict = examine(workshop, program, sources, settings.linkers)
            judge(findings, program, verdict)
        except Trouble as trouble:
            if "internal compiler error" in str(trouble):
                # No linker is to blame.
                findings.counts["the compiler fails"] += len(seeds) - (seed - seeds.start)
            else:
                findings.troubles.append(f"seed {seed}: {trouble}")
            break
    if workshop:
        workshop.close()
    return findings


def judge(findings: Findings, program: Program, verdict: Verdict) -> None:
    bfd, lld = verdict.outcomes["bfd"], verdict.outcomes["lld"]
    findings.counts["programs"] += 1
    if verdict.known:
        findings.counts[f"known: {verdict.known}"] += 1
    elif verdict.difference:
        findings.counts["differences"] += 1
        findings.reports.append(tell(program, verdict.difference))
    if not bfd.linked and not lld.linked:
        findings.counts["refused by both"] += 1
    elif bfd.linked != lld.linked:
        findings.counts["refused by one"] += 1
    elif bfd.status == lld.status and bfd.lines == lld.lines:
        findings.counts["alike"] += 1
    else:
        findings.counts["run differently"] += 1


def tell(program: Program, difference: Difference) -> tuple[int, str, str]:
    """The seed, what differs in a line, and the report."""
    small = program
    directory = os.path.join(settings.directory, f"program{program.seed}")
    verdict = None
    if settings.shrinks:
        shrinker = Shrinker(directory, settings.linkers, settings.host, difference.kind)
        small = shrinker.shrink(program)
        verdict = shrinker.verdict(small)
    sources = render(small.world)
    workshop = Workshop(os.path.join(directory, "told"), settings.linkers, sources, settings.host)
    if verdict is None:
        verdict = examine(workshop, small, sources, settings.linkers)
    told = report.text(small, sources, workshop, verdict.difference or difference, verdict)
    if settings.keep:
        folder = os.path.join(settings.keep, f"seed{program.seed}")
        shutil.rmtree(folder, ignore_errors=True)
        workshop.compile()
        for name in settings.linkers.paths:
            workshop.outcome(small, name)
        shutil.copytree(workshop.directory, folder)
        with open(os.path.join(folder, "report.txt"), "w", encoding="utf-8") as file:
            file.write(told)
    shutil.rmtree(directory, ignore_errors=True)
    features = "+".join(instance.feature for instance in small.world.instances)
    line = f"seed {program.seed}: {difference.kind} ({small.plan.kind}; {features}): {difference.detail}"
    return program.seed, line, told


def worlds(first: int, count: int | None, deadline: float | None) -> Iterator[range]:
    """Seeds in groups of one world, until there are enough or time is up."""
    seed = first
    while count is None or seed < first + count:
        if deadline is not None and time.monotonic() > deadline:
            return
        end = (seed // PLANS + 1) * PLANS
        yield range(seed, end if count is None else min(end, first + count))
        seed = end


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="link-random", description="Links random programs with weld, GNU ld and lld, and compares.")
    parser.add_argument("--seed", type=int, help="the first program's (default: a new one)")
    parser.add_argument("--count", type=int, help="how many programs")
    parser.add_argument("--seconds", type=float, help="for how long, in place of --count")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--weld", default=".build/release/weld")
    parser.add_argument("--lld", default=shutil.which("ld.lld-19") or "ld.lld")
    parser.add_argument("--keep", metavar="DIR", help="leave what differs here, shrunk, with its files")
    parser.add_argument("--only", action="append", default=[], metavar="FEATURE",
                        help="these features only: " + ", ".join(FEATURES))
    parser.add_argument("--limit", type=int, default=20, help="stop after so many differences")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--brief", action="store_true", help="a line for each difference")
    options = parser.parse_args(arguments)
    for name in options.only:
        if name not in FEATURES:
            parser.error(f"no feature {name}; there are {', '.join(FEATURES)}")
    if options.count is None and options.seconds is None:
        options.count = 1 if options.seed is not None else 100
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    weld = os.path.abspath(options.weld)
    if not os.access(weld, os.X_OK):
        print(f"error: {options.weld} is no program; `make` builds it", file=sys.stderr)
        return 2
    first = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 40)
    print(f"link-random: --seed {first}", flush=True)
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    directory = tempfile.mkdtemp(prefix="link-random.", dir=place)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        given = Settings(Linkers(weld, options.lld), directory, build_host(directory),
                         tuple(options.only), options.keep, not options.no_shrink)
        return run_all(options, first, given)
    except Trouble as trouble:
        print(f"error: {trouble}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run_all(options: argparse.Namespace, first: int, given: Settings) -> int:
    deadline = time.monotonic() + options.seconds if options.seconds is not None else None
    counts: collections.Counter[str] = collections.Counter()
    lines: list[str] = []
    troubles: list[str] = []
    begun = time.monotonic()
    with multiprocessing.Pool(options.jobs, begin, (given,)) as pool:
        for findings in results(pool, worlds(first, options.count, deadline), options.jobs):
            counts += findings.counts
            troubles += findings.troubles
            for trouble in findings.troubles:
                print(f"trouble: {trouble}", flush=True)
            for _, line, told in findings.reports:
                lines.append(line)
                print(line if options.brief else told, flush=True)
            if len(lines) >= options.limit:
                print(f"stopped after {len(lines)} differences")
                break
    print(f"\n{time.monotonic() - begun:.0f} seconds")
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")
    if lines and not options.brief:
        print("\n".join(lines))
    return 1 if lines or troubles else 0


def results(pool: multiprocessing.pool.Pool, groups: Iterator[range], jobs: int,
            ) -> Iterator[Findings]:
    """Findings in the order of seeds, with only so many worlds under way as keep the jobs busy."""
    waiting: collections.deque[multiprocessing.pool.AsyncResult[Findings]] = collections.deque()
    for group in groups:
        waiting.append(pool.apply_async(try_world, (group,)))
        if len(waiting) > jobs + 2:
            yield waiting.popleft().get()
    while waiting:
        yield waiting.popleft().get()
