"""Builds a program with each linker and runs what comes of it."""

from __future__ import annotations

import os
import shutil

from . import toolchain
from .model import STATIC, Item, Outcome, Plan, Program, Sources
from .toolchain import LinkLine, Trouble, run

HOST = """#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **arguments) {
  void *handle = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  if (!handle) { printf("load %s\\n", dlerror()); return 99; }
  int (*entry)(void) = (int (*)(void))dlsym(handle, "main");
  return entry ? entry() : 98;
}
"""


# Forms of items that GNU ld reads where they stand.
ARCHIVES = ("archive", "thin", "lazy", "cyclic", "static")


class Linkers:
    """The three that are compared: their names stand for them everywhere else."""

    def __init__(self, weld: str, lld: str, bfd: str = "ld.bfd") -> None:
        self.paths = {"bfd": bfd, "lld": lld, "weld": weld}
        self.checker = toolchain.elf_compare_beside(weld)


class Workshop:
    """A directory with one world's objects: they are compiled once, and linked in many ways."""

    def __init__(self, directory: str, linkers: Linkers, sources: Sources, host: str) -> None:
        self.directory = directory
        self.linkers = linkers
        self.sources = sources
        self.host = host
        self._libraries: dict[tuple[str, ...], tuple[str, str]] = {}
        self._compiled = False
        os.makedirs(directory, exist_ok=True)

    def compile(self) -> None:
        if self._compiled:
            return
        for name, text in self.sources.files.items():
            with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        for unit in self.sources.units:
            done = run(toolchain.compile_command(unit), self.directory)
            if done.status != 0:
                raise Trouble(f"{unit.source} does not compile: {done.output.strip()[:2000]}")
        self._compiled = True

    def close(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    # Linking.

    def outcome(self, program: Program, linker: str) -> Outcome:
        """Links and runs the program."""
        self.compile()
        output = f"out.{linker}"
        for command in self.commands(program.plan, linker, output):
            key = tuple(command)
            if key in self._libraries:
                refused, said = self._libraries[key]
            else:
                done = run(command, self.directory)
                refused = f"status {done.status}" if done.status != 0 else ""
                said = done.output
                if command[0] == "ar" and refused:
                    raise Trouble(f"ar: {said}")
                if output not in command:
                    self._libraries[key] = (refused, said)
            if refused:
                return Outcome(linker, "refused", said.strip())
        return self._run(program.plan, linker, output)

    def _run(self, plan: Plan, linker: str, output: str) -> Outcome:
        command = [f"./{output}"]
        if plan.kind == "shared":
            command = [self.host, *command]
        environment = {"LD_LIBRARY_PATH": linker}
        done = run(command, self.directory, toolchain.RUN_TIMEOUT, environment)
        status = f"exit {done.status}" if done.status >= 0 else f"signal {-done.status}"
        if done.timed_out:
            status = "timeout"
        return Outcome(linker, status, lines=tuple(done.output.replace(linker, "LINKER").splitlines()))

    def outputs(self, linker: str) -> list[str]:
        """What the linker has made for the last program, libraries first."""
        folder = os.path.join(self.directory, linker)
        made = [os.path.join(linker, name) for name in sorted(os.listdir(folder))] \
            if os.path.isdir(folder) else []
        made = [name for name in made if name.endswith(".so")]
        return [*made, f"out.{linker}"]

    def commands(self, plan: Plan, linker: str, output: str) -> list[list[str]]:
        """The commands that link the program; libraries first."""
        os.makedirs(os.path.join(self.directory, linker), exist_ok=True)
        present = {unit.index for unit in self.sources.units}
        static = plan.kind in STATIC
        commands: list[list[str]] = []
        words: list[str] = []
        libraries = self._link_order(plan)
        for side in libraries:
            item = next(item for item in plan.items if item.library == side)
            if item.form != "objects":
                commands += self._library(plan, linker, side, static or item.form == "static")
        for item in plan.items:
            made, own = self._item(item, plan, linker, present, static)
            commands += made
            words += own
        if linker == "bfd" and (static or any(item.form in ARCHIVES for item in plan.items)):
            # GNU ld takes archives in the order of the line; in a group it goes on as the others do.
            words = ["--start-group", *words, "--end-group"]
        path = self.linkers.paths[linker]
        line: LinkLine = toolchain.link_line(plan.kind, self.sources.needs_cxx)
        flags = [word for group in (*plan.flags, *self.sources.flags.get("exe", [])) for word in group]
        if plan.kind == "static" and "--eh-frame-hdr" in flags:
            flags.remove("--eh-frame-hdr")
        commands.append([path, *line.before, *flags, *words, *line.behind, "-o", output])
        return commands

    def _link_order(self, plan: Plan) -> list[str]:
        present = {unit.side for unit in self.sources.units}
        return sorted({item.library for item in plan.items if item.library in present})

    def _item(self, item: Item, plan: Plan, linker: str, present: set[int], static: bool,
              ) -> tuple[list[list[str]], list[str]]:
        """Commands that make what the item needs, and the item's words."""
        if item.library:
            if item.library not in self._link_order(plan):
                return [], []
            if item.form == "objects":
                return [], [unit.object for unit in self.sources.units if unit.side == item.library]
            return [], library_words(item, linker, static)
        objects = [f"u{index}.o" for index in item.units if index in present]
        if not objects or item.form == "object":
            return [], objects
        if item.form == "lazy" and linker != "bfd":
            return [], ["--start-lib", *objects, "--end-lib"]
        if item.form == "cyclic":
            archives = [archive(half, "rcs") for half in (objects[::2], objects[1::2]) if half]
        else:
            archives = [archive(objects, "rcsT" if item.form == "thin" else "rcs")]
        names = [command[2] for command in archives]
        if item.form == "whole":
            names = ["--whole-archive", *names, "--no-whole-archive"]
        return archives, names

    def _library(self, plan: Plan, linker: str, side: str, archive: bool) -> list[list[str]]:
        """A library of its own; a static program's is an archive."""
        objects = [unit.object for unit in self.sources.units if unit.side == side]
        if archive:
            return [["ar", "rcs", f"{linker}/lib{side}.a", *objects]]
        line = toolchain.link_line("shared", self.sources.needs_cxx)
        own = self.sources.flags.get(side, [])
        flags = [word for group in (*plan.library_flags, *own) for word in group]
        return [[self.linkers.paths[linker], *line.before, *flags, *objects, "-soname",
                 f"lib{side}.so", *line.behind, "-o", f"{linker}/lib{side}.so"]]


def archive(objects: list[str], flags: str) -> list[str]:
    """The command that makes an archive, named after what is in it."""
    stem = "".join(objects).replace(".o", "")
    return ["ar", flags, f"{'thin' if 'T' in flags else 'all'}-{stem}.a", *objects]


def library_words(item: Item, linker: str, static: bool) -> list[str]:
    name = f"lib{item.library}"
    needed = "--as-needed" if item.as_needed else "--no-as-needed"
    if static:
        return [f"{linker}/{name}.a"]
    if item.form == "static":
        return [f"-L{linker}", "-Bstatic", f"-l{item.library}", "-Bdynamic"]
    words = [f"{linker}/{name}.so"] if item.form == "path" else [f"-L{linker}", f"-l{item.library}"]
    return [needed, *words, "--no-as-needed"]


def build_host(directory: str) -> str:
    """The program that loads shared outputs."""
    source = os.path.join(directory, "host.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(HOST)
    output = os.path.join(directory, "host")
    done = run([toolchain.compiler_path("gcc", "c"), "-O1", "-rdynamic", source, "-o", output], directory)
    if done.status != 0:
        raise Trouble(f"the host of shared programs does not build: {done.output}")
    return output
