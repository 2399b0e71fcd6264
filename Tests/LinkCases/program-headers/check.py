"""Checks that the first section of a program begins where its program headers end."""
import struct
import subprocess
import sys

path = sys.argv[1]
with open(path, "rb") as file:
    data = file.read()
phoff, shoff = struct.unpack_from("<QQ", data, 32)
phentsize, phnum, shentsize, shnum = struct.unpack_from("<HHHH", data, 54)
end = phoff + phentsize * phnum
sections = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shentsize) for i in range(1, shnum)]
loaded = [s for s in sections if s[2] & 2 and s[1] != 8]
first = min(loaded, key=lambda s: s[4])
start, alignment = first[4], max(first[8], 1)
# A section that begins a segment of its own is at a page of its own.
if start >= end + alignment and start % 4096:
    sys.exit(f"{path}: headers end at {end:#x}, sections begin at {start:#x}")
words = subprocess.run(
    ["objcopy", "--only-keep-debug", path, path + ".debug"], capture_output=True, text=True)
if words.stdout or words.stderr or words.returncode:
    sys.exit(f"objcopy --only-keep-debug: {words.stdout}{words.stderr}")
