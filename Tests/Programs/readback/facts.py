#!/usr/bin/env python3
"""What `readelf -aW` says of an ELF file, one fact a line, without what differs between two linkers
that are both right: addresses, sizes, offsets, indices, order and how often.

    facts.py FILE
"""

import re
import subprocess
import sys

SECTION = re.compile(
    r"^  \[ *(\d+)\] (\S*) +([A-Z0-9_:]+(?: [A-Z]+)?) +([0-9a-f]{16}) ([0-9a-f]{6,}) ([0-9a-f]{6,})"
    r" ([0-9a-f]{2,}) ([A-Za-z ]{3,}?) +(\d+) +(\d+) +(\d+)$")
SEGMENT = re.compile(
    r"^  ([A-Z_0-9]+) +(0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+)"
    r" ([RWE ]{3}) (0x[0-9a-f]+|0)$")
DYNAMIC = re.compile(r"^ 0x[0-9a-f]+ \((\w+)\) +(.*)$")
SYMBOL = re.compile(
    r"^ *\d+: ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\S+) +(\S+) +(\S+) +(?:\[.*\] +)?(\S+) ?(.*)$")
RELOCATION = re.compile(r"^[0-9a-f]{16} +[0-9a-f]{16} (R_\S+) *(.*)$")
# Tags whose value says something else than where a table is or how long it is.
TELLING = {"NEEDED", "SONAME", "RPATH", "RUNPATH", "FLAGS", "FLAGS_1", "RELAENT", "RELENT", "SYMENT",
           "RELRENT", "PLTREL", "VERDEFNUM", "VERNEEDNUM", "DEBUG", "TEXTREL", "SYMBOLIC"}


class Reading:
    """One pass over the text; a title of readelf's decides how the lines after it are read."""

    def __init__(self):
        self.facts = set()
        self.sections = {}
        self.empty = set()
        self.section_lines = []
        self.segments = []
        self.state = "header"
        self.table = ""

    def name_of(self, index):
        return self.sections.get(index, index)

    def title(self, line):
        """Whether the line begins a part."""
        if line.startswith("Section Headers:"):
            self.state = "sections"
        elif line.startswith("Program Headers:"):
            self.finish_sections()
            self.state = "segments"
        elif line.startswith(" Section to Segment mapping:"):
            self.state = "mapping"
        elif line.startswith("Dynamic section"):
            self.state = "dynamic"
        elif found := re.match(r"Relocation section '(.*)'", line):
            self.state, self.table = "relocations", found[1]
        elif found := re.match(r"Symbol table '(.*)'", line):
            self.state, self.table = "symbols", found[1]
        elif line.startswith(("Version definition", "Version needs")):
            self.state, self.table = "versions", line.split()[1]
        elif found := re.match(r"Displaying notes found in: (.*)", line):
            self.state, self.table = "notes", found[1]
        elif re.match(r"[A-Z]", line) and not line.startswith("ELF Header"):
            self.state = "other"
        else:
            return False
        return True

    def header(self, line):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key in {"Class", "Data", "OS/ABI", "ABI Version", "Type", "Machine", "Flags",
                   "Size of program headers", "Size of section headers"}:
            self.facts.add(f"header {key} {value}")
        if key == "Entry point address":
            self.facts.add(f"header entry {'none' if value == '0x0' else 'given'}")

    def in_sections(self, line):
        if found := SECTION.match(line):
            self.sections[found[1]] = found[2]
            if not int(found[6], 16):
                self.empty.add(found[2])
            self.section_lines.append(found)

    def finish_sections(self):
        for found in self.section_lines:
            _, name, kind, address, _, _, entry, flags, link, info, alignment = found.groups()
            if not name:
                continue
            # SHF_GNU_RETAIN says nothing any more once a linker has obeyed it.
            flags = flags.strip().rstrip("Ro")
            text = f"section {name} {kind} flags={flags} entsize={int(entry, 16)}"
            text += f" link={self.name_of(link) if link != '0' else 'none'}"
            if "I" in flags:
                text += f" info={self.name_of(info)}"
            elif kind in {"VERNEED", "VERDEF"}:
                text += f" info={info}"
            elif kind not in {"SYMTAB", "DYNSYM"}:
                text += f" info={'none' if info == '0' else 'given'}"
            text += " at an address" if int(address, 16) else " nowhere"
            self.facts.add(text)
            self.facts.add(f"alignment {name} {alignment}")
        self.section_lines = []

    def in_segments(self, line):
        if found := SEGMENT.match(line):
            kind, offset, address, physical, _, _, flags, alignment = found.groups()
            self.segments.append((kind, flags.replace(" ", "")))
            text = f"segment {kind} {flags.replace(' ', '')}"
            self.facts.add(text)
            if kind != "LOAD":
                self.facts.add(f"{text} alignment {alignment}")
            if address != physical:
                self.facts.add(f"{text} with a physical address")
            if int(alignment, 16) > 1 and (int(offset, 16) - int(address, 16)) % int(alignment, 16):
                self.facts.add(f"{text} not congruent")
        elif "Requesting program interpreter" in line:
            self.facts.add("interpreter " + line.strip())

    def in_mapping(self, line):
        number, *names = line.split() or [""]
        if number.isdigit():
            kind, flags = self.segments[int(number)]
            # Empty sections may lie on a border.
            for name in sorted(set(names) - self.empty):
                self.facts.add(f"segment {kind} {flags} holds {name}")

    def in_dynamic(self, line):
        if found := DYNAMIC.match(line):
            tag, value = found.groups()
            self.facts.add(f"dynamic {tag} {value}" if tag in TELLING else f"dynamic {tag}")

    def in_relocations(self, line):
        if found := RELOCATION.match(line):
            kind, rest = found.groups()
            # The value of the symbol comes before its name; without one there is only an addend.
            words = rest.split(" ", 1)
            name = words[1].strip() if len(words) > 1 else ""
            # "puts@GLIBC_2.2.5 + 0", "chosen() + 0"
            # Whether an address is found at the first call or before is not a matter of what.
            if kind.endswith(("_GLOB_DAT", "_JUMP_SLOT")):
                self.facts.add(f"address of {name}")
            else:
                self.facts.add(f"relocation {kind} {name}".rstrip())

    def in_symbols(self, line):
        if found := SYMBOL.match(line):
            value, size, kind, binding, visibility, place, name = found.groups()
            name = re.sub(r" \(\d+\)$", "", name)
            # lld leaves versions out of this table.
            if self.table == ".symtab":
                name = name.partition("@")[0]
            if place.isdigit():
                place = self.name_of(place)
            if not name and kind != "SECTION":
                return
            if kind == "SECTION":
                size = ""
            text = f"symbol {self.table} {name} {kind} {binding} {visibility} {place} {size}"
            if place == "ABS" and kind != "FILE":
                text += f" ={value}"
            self.facts.add(text.rstrip())

    def in_versions(self, line):
        text = re.sub(r"^ *(0x)?[0-9a-f]+: *", "", line)
        text = re.sub(r"(Index|Version|Parent [0-9]*|Rev): \d+ *|Cnt: \d+ *", "", text).strip()
        if text and not text.startswith("Addr:"):
            self.facts.add(f"version {self.table} {text}")

    def in_notes(self, line):
        text = " ".join(line.split())
        text = re.sub(r"Build ID: [0-9a-f]+|0x[0-9a-f]{16}", "N", text)
        if text and not text.startswith("Owner"):
            self.facts.add(f"note {self.table} {text}")

    def read(self, text):
        # Its words for these depend on the header's field OS/ABI.
        text = re.sub(r"(\d) <OS specific>: 10\b", r"\1 IFUNC", text)
        text = re.sub(r" <OS specific>: 10\b", " UNIQUE", text)
        for line in text.splitlines():
            if self.title(line):
                continue
            if self.state == "header":
                self.header(line)
            elif self.state != "other":
                getattr(self, "in_" + self.state)(line)
        self.finish_sections()


def main():
    result = subprocess.run(
        ["readelf", "-aW", sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, errors="replace", check=False)
    reading = Reading()
    reading.read(result.stdout)
    print("\n".join(sorted(reading.facts)))


main()
