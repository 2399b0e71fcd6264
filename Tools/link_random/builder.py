"""What features write with: the texts of a world's units, and what its links need."""

from __future__ import annotations

import random

from .model import KINDS, KINDS_FOR_CODE, Instance, Sources, Unit, World

PRELUDE = """int dprintf(int, const char *, ...);
#define NOINLINE __attribute__((noinline))
#define UNUSED __attribute__((unused))
#define HIDDEN __attribute__((visibility("hidden")))
#define PROTECTED __attribute__((visibility("protected")))
UNUSED static void put(const char *key, long value) { dprintf(1, "%s %ld\\n", key, value); }
UNUSED static void say(const char *key, const char *text) { dprintf(1, "%s %s\\n", key, text); }
"""


class Builder:
    """Collects what the instances of a world write.

    Names: what begins with `x` (or `chk_`) may leave a library whose version script keeps the rest
    local, what begins with `y` need not. Each instance puts its number into its names.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.instance = Instance(0, "")
        self.rng = random.Random(0)
        self._text: dict[int, list[str]] = {unit.index: [] for unit in world.units}
        self._cxx: dict[int, list[str]] = {unit.index: [] for unit in world.units}
        self._calls: list[tuple[int, str]] = []
        self._files: dict[str, str] = {}
        self._flags: dict[str, list[tuple[str, ...]]] = {}
        self._versions: dict[str, dict[str, tuple[list[str], list[str]]]] = {}
        # The instance that has a version script without names on a side: it is the only one there.
        self.scripted: dict[str, int] = {}
        self._kinds = set(KINDS)
        self._needs_cxx = False
        self._ordered = False

    # What features ask.

    @property
    def units(self) -> tuple[Unit, ...]:
        """All units in which C can be written."""
        return tuple(unit for unit in self.world.units if unit.language != "asm")

    @property
    def main(self) -> Unit:
        return self.world.units[0]

    def on(self, side: str) -> list[Unit]:
        return [unit for unit in self.units if unit.side == side]

    @property
    def exe(self) -> list[Unit]:
        return self.on("exe")

    @property
    def libraries(self) -> list[str]:
        return sorted({unit.side for unit in self.world.units if unit.side != "exe"})

    @property
    def cxx_units(self) -> list[Unit]:
        return [unit for unit in self.units if unit.language == "c++"]

    def name(self, text: str) -> str:
        """A name of this instance that may be seen by everybody."""
        return f"x{self.instance.number}_{text}"

    def key(self, text: str) -> str:
        """What a line of output begins with."""
        return f"{self.instance.number}.{text}"

    # What features write.

    def add(self, unit: Unit, code: str) -> None:
        """C, in the common subset of C and C++; names have C linkage."""
        if unit.language == "asm":
            raise ValueError("an assembly unit takes no C")
        self._text[unit.index].append(code.rstrip() + "\n")

    def add_cxx(self, unit: Unit, code: str) -> None:
        """C++, outside `extern "C"`."""
        self._needs_cxx = True
        self._cxx[unit.index].append(code.rstrip() + "\n")

    def asm(self, unit: Unit, code: str) -> None:
        """Assembly: as it is in an assembly unit, else at the top level of the C text."""
        lines = [line.strip() for line in code.strip().splitlines()]
        # Sections are left as they were found.
        lines = [".pushsection .text,\"ax\",@progbits", *lines, ".popsection"]
        if unit.language == "asm":
            self._text[unit.index].append("\n".join(lines) + "\n")
            return
        quoted = ["  \"" + line.replace("\\", "\\\\").replace("\"", "\\\"") + "\\n\""
                  for line in lines]
        self._text[unit.index].append("__asm__(\n" + "\n".join(quoted) + ");\n")

    def check(self, unit: Unit, body: str) -> None:
        """Statements that print what the instance sees from the unit."""
        function = f"chk_{self.instance.number}_{len(self._calls)}"
        static = "NOINLINE static" if unit is self.main else "NOINLINE"
        self.add(unit, f"{static} void {function}(void) {{\n{body.rstrip()}\n}}")
        self._calls.append((unit.index, function))

    def flag(self, *words: str, target: str = "exe") -> None:
        """Words for the link line of the program, or of a library."""
        self._flags.setdefault(target, []).append(words)

    def file(self, name: str, text: str) -> None:
        self._files[name] = text

    def version(self, side: str, node: str, exported: list[str], local: list[str]) -> None:
        """Adds patterns to a node of the version script of a library (or of the program)."""
        self.scripted[side] = self.instance.number
        nodes = self._versions.setdefault(side, {})
        lists = nodes.setdefault(node, ([], []))
        lists[0].extend(exported)
        lists[1].extend(local)

    def may_version(self, side: str) -> bool:
        """Whether the instance may write the version script of a side: one has it for itself."""
        return self.scripted.get(side, self.instance.number) == self.instance.number

    def only(self, *kinds: str) -> None:
        self._kinds &= set(kinds)

    def needs_cxx(self) -> None:
        self._needs_cxx = True

    def ordered(self) -> None:
        """What is printed follows from the order of files: archives would make it differ."""
        self._ordered = True

    # The result.

    def sources(self) -> Sources:
        result = Sources(ordered=self._ordered, needs_cxx=self._needs_cxx)
        for unit in self.world.units:
            if unit is not self.main and not self._text[unit.index] and not self._cxx[unit.index]:
                continue
            result.units.append(unit)
            result.files[unit.source] = self._source(unit)
            self._kinds &= set(KINDS_FOR_CODE[unit.code]) if unit.side == "exe" else set(KINDS)
        result.files.update(self._files)
        for side, nodes in self._versions.items():
            result.files[f"{side}.ver"] = version_script(nodes)
            self._flags.setdefault(side, []).append(
                (f"--version-script={side}.ver", "--undefined-version"))
        result.flags = self._flags
        result.kinds = tuple(kind for kind in KINDS if kind in self._kinds)
        return result

    def _source(self, unit: Unit) -> str:
        if unit.language == "asm":
            return "".join(self._text[unit.index]) + ".section .note.GNU-stack,\"\",@progbits\n"
        body = "".join(self._text[unit.index])
        if unit is self.main:
            declarations = "".join(
                f"void {name}(void);\n" for index, name in self._calls if index != unit.index)
            calls = "".join(f"  {name}();\n" for _, name in self._calls)
            body += f"{declarations}int main(void) {{\n{calls}  return 0;\n}}\n"
        if unit.language == "c":
            return PRELUDE + body
        cxx = "".join(self._cxx[unit.index])
        return f"extern \"C\" {{\n{PRELUDE}}}\n{cxx}extern \"C\" {{\n{body}}}\n"


def version_script(nodes: dict[str, tuple[list[str], list[str]]]) -> str:
    """Nodes in the order of their names, each with the one before as its parent."""
    text = ""
    parent = ""
    for node in sorted(nodes):
        exported, local = nodes[node]
        text += f"{node} {{\n" if node else "{\n"
        for heading, patterns in (("global", exported), ("local", local)):
            if patterns:
                text += f"  {heading}:\n" + "".join(f"    {pattern};\n" for pattern in patterns)
        text += f"}}{parent};\n"
        parent = f" {node}"
    return text
