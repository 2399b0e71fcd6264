"""Copies archives so that what the copies define has other names.

The names that the archives of a set define are changed in all of them, in definitions and references
alike, and so are the signatures of section groups, which are symbols, too. Names that only others
define (the C library's) stay. The new names have the length of the old ones, so that they hash and
sort at the same cost, and the copy is linked beside the original without anything being dropped.

The layouts are those of the System V gABI, chapter 4, and of ar(5).
"""

import os
import struct

from common import fail

MAGIC = b"!<arch>\n"
SHT_SYMTAB, SHT_GROUP = 2, 17


def members(data):
    """The members of an archive that are not ar's own: where the header and the contents begin, and
    the size of the contents."""
    at = len(MAGIC)
    while at + 60 <= len(data):
        size = int(data[at + 48:at + 58])
        name = data[at:at + 16].rstrip()
        if name not in (b"/", b"//", b"/SYM64/"):
            yield at, at + 60, size
        at += 60 + size + (size & 1)


class Symbols:
    """The symbol table of an object, which is a part of `data`."""

    def __init__(self, data, start, size):
        self.data, self.start, self.size = data, start, size
        self.entries, self.count, self.first_global = 0, 0, 0
        # Indices of symbols that are signatures of groups; some are local.
        self.signatures = set()
        if data[start:start + 6] != b"\x7fELF\x02\x01":
            return
        self.headers, = struct.unpack_from("<Q", data, start + 40)
        section_count, = struct.unpack_from("<H", data, start + 60)
        if section_count == 0:
            section_count, = struct.unpack_from("<Q", data, start + self.headers + 32)
        for index in range(section_count):
            header = start + self.headers + 64 * index
            kind, = struct.unpack_from("<I", data, header + 4)
            if kind == SHT_GROUP:
                signature, = struct.unpack_from("<I", data, header + 44)
                self.signatures.add(signature)
            elif kind == SHT_SYMTAB:
                offset, size = struct.unpack_from("<QQ", data, header + 24)
                link, self.first_global = struct.unpack_from("<II", data, header + 40)
                self.entries, self.count = start + offset, size // 24
                self.names_header = start + self.headers + 64 * link
                offset, self.names_size = struct.unpack_from("<QQ", data, self.names_header + 24)
                self.names = start + offset

    def named(self):
        """(offset of the entry, name, whether the object has what it names) of each symbol that
        means something to other objects."""
        locals_ = (index for index in sorted(self.signatures) if index < self.first_global)
        for index in (*locals_, *range(self.first_global, self.count)):
            entry = self.entries + 24 * index
            name, _, _, section = struct.unpack_from("<IBBH", self.data, entry)
            start = self.names + name
            text = bytes(self.data[start:self.data.index(b"\0", start)])
            if text:
                yield entry, text, section != 0 or index in self.signatures


def defined_names(paths):
    """All names that the archives' objects define."""
    names = set()
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        for _, start, size in members(data):
            names.update(
                name for _, name, is_defined in Symbols(data, start, size).named() if is_defined)
    return names


def renaming(names, number):
    """New names for the copy of that number (1 to 3): a byte more or less near the beginning has its
    highest bit set, which no name has that a compiler makes."""
    short = [name for name in names if len(name) < number or name[number - 1] >= 0x80]
    if short:
        fail(f"cannot be renamed: {short[0]!r}")
    at = number - 1
    return {name: name[:at] + bytes([name[at] | 0x80]) + name[at + 1:] for name in names}


def copy_archive(path, destination, new_names):
    """Writes a copy whose symbols have the new names: each object gets a name table of its own, at
    its end. There is no index, so the copy is for --whole-archive."""
    with open(path, "rb") as file:
        data = file.read()
    with open(destination + ".part", "wb") as output:
        output.write(MAGIC)
        for header, start, size in members(data):
            contents = renamed(data, start, size, new_names)
            # ar's own long names are left out; nobody looks at the names.
            output.write(b"%-16s" % b"member.o/" + data[header + 16:header + 48])
            output.write(b"%-10d" % len(contents) + b"`\n" + contents)
            if len(contents) & 1:
                output.write(b"\n")
    os.replace(destination + ".part", destination)


def renamed(data, start, size, new_names):
    contents = bytearray(data[start:start + size])
    symbols = Symbols(contents, 0, size)
    if symbols.count == 0:
        return contents
    table = bytearray(contents[symbols.names:symbols.names + symbols.names_size])
    for entry, name, _ in symbols.named():
        new_name = new_names.get(name)
        if new_name is not None:
            struct.pack_into("<I", contents, entry, len(table))
            table += new_name + b"\0"
    struct.pack_into("<QQ", contents, symbols.names_header + 24, size, len(table))
    return contents + table
