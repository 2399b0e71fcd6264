"""Writes ELF relocatable objects byte by byte: quicker than 20,000 runs of an assembler.

The layout is that of the System V gABI, chapter 4 (ELF header, section headers, symbol table), and
the relocation type is of the x86-64 psABI, section 4.4.
"""

import os
import struct

EM_X86_64 = 62
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA = 1, 2, 3, 4
SHF_ALLOC, SHF_EXECINSTR, SHF_INFO_LINK = 2, 4, 0x40
STB_GLOBAL, STT_NOTYPE, STT_FUNC = 1, 0, 2
R_X86_64_PLT32 = 4


def aligned(data, alignment):
    return data + b"\0" * (-len(data) % alignment)


class Strings:
    """A string table; offset 0 is the empty string."""

    def __init__(self):
        self.data = bytearray(b"\0")

    def add(self, text):
        offset = len(self.data)
        self.data += text.encode() + b"\0"
        return offset


def symbol(name, info, section, value=0, size=0):
    return struct.pack("<IBBHQQ", name, info, 0, section, value, size)


def object_file(text, defined, undefined, relocations):
    """An object with one .text section.

    `defined` is a list of (name, offset, size), `undefined` one of names, and `relocations` one of
    (offset, index into undefined, addend), all of the kind of a call.
    """
    strings, names = Strings(), Strings()
    symbols = [symbol(0, 0, 0)]
    for name, offset, size in defined:
        symbols.append(symbol(strings.add(name), STB_GLOBAL << 4 | STT_FUNC, 1, offset, size))
    for name in undefined:
        symbols.append(symbol(strings.add(name), STB_GLOBAL << 4 | STT_NOTYPE, 0))
    first_undefined = 1 + len(defined)
    entries = b"".join(
        struct.pack("<QQq", offset, (first_undefined + index) << 32 | R_X86_64_PLT32, addend)
        for offset, index, addend in relocations)
    # name, type, flags, contents, link, info, alignment, entry size
    sections = [
        (".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text, 0, 0, 16, 0),
        (".rela.text", SHT_RELA, SHF_INFO_LINK, entries, 3, 1, 8, 24),
        (".symtab", SHT_SYMTAB, 0, b"".join(symbols), 4, 1, 8, 24),
        (".strtab", SHT_STRTAB, 0, bytes(strings.data), 0, 0, 1, 0),
        (".note.GNU-stack", SHT_PROGBITS, 0, b"", 0, 0, 1, 0),
    ]
    name_offsets = [names.add(section[0]) for section in sections] + [names.add(".shstrtab")]
    sections.append((".shstrtab", SHT_STRTAB, 0, bytes(names.data), 0, 0, 1, 0))
    body, headers = b"\0" * 64, [b"\0" * 64]
    for (_, kind, flags, contents, link, info, alignment, entry), name in zip(
            sections, name_offsets):
        body = aligned(body, alignment)
        headers.append(struct.pack(
            "<IIQQQQIIQQ", name, kind, flags, 0, len(body), len(contents), link, info, alignment,
            entry))
        body += contents
    body = aligned(body, 8)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 1, EM_X86_64, 1, 0, 0, len(body), 0, 64, 0, 0,
        64, len(headers), len(headers) - 1)
    return header + body[64:] + b"".join(headers)


def tiny(index, count):
    """Object `index` of a chain: `f_i` adds 1 to what `f_(i+1)` returns, and the last returns 1.

    The chain is cut every 100 links, so that the program does not need a deep stack; each chain's
    head is called by `main`, which `tiny_main` writes.
    """
    name = f"f_{index}"
    if index % 100 == 99 or index + 1 == count:
        code = b"\xb8\x01\x00\x00\x00\xc3"  # mov $1, %eax; ret
        return object_file(code, [(name, 0, len(code))], [], [])
    # sub $8, %rsp; call f_(i+1); add $8, %rsp; inc %eax; ret
    code = b"\x48\x83\xec\x08\xe8\0\0\0\0\x48\x83\xc4\x08\xff\xc0\xc3"
    return object_file(code, [(name, 0, len(code))], [f"f_{index + 1}"], [(5, 0, -4)])


def write_tiny(directory, count):
    """Writes the objects, 1,000 to a folder, and returns their paths."""
    paths = []
    for index in range(count):
        folder = os.path.join(directory, f"{index // 1000:02}")
        if index % 1000 == 0:
            os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{index:05}.o")
        with open(path, "wb") as file:
            file.write(tiny(index, count))
        paths.append(path)
    return paths


def tiny_main(count):
    """C source whose `main` adds up all chains and prints how many objects took part."""
    heads = range(0, count, 100)
    lines = ["#include <stdio.h>"]
    lines += [f"int f_{head}(void);" for head in heads]
    lines += ["int main(void) {", "  int sum = 0;"]
    lines += [f"  sum += f_{head}();" for head in heads]
    lines += ['  printf("%d objects\\n", sum);', "  return 0;", "}"]
    return "\n".join(lines) + "\n"


def exporting_object(count):
    """One object with `count` functions of their own names; function i returns i."""
    text, defined = bytearray(), []
    for index in range(count):
        # mov $i, %eax; ret; padding to 8 bytes
        defined.append((f"exported_function_number_{index}", len(text), 6))
        text += b"\xb8" + struct.pack("<I", index) + b"\xc3\x66\x90"
    return object_file(bytes(text), defined, [], [])
