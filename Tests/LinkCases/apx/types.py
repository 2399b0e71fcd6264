# Gives relocations the types of instructions with REX2 and EVEX prefixes.
import struct
import sys

path, types, output = sys.argv[1:]
with open(path, "rb") as file:
    image = bytearray(file.read())
(headers,) = struct.unpack_from("<Q", image, 40)
(count,) = struct.unpack_from("<H", image, 60)


def section(index):
    return struct.unpack_from("<IIQQQQII", image, headers + index * 64)


for i in range(count):
    header = section(i)
    if header[1] != 4 or types == "old":
        continue
    code = section(header[7])[4]
    for at in range(header[4], header[4] + header[5], 24):
        place, info = struct.unpack_from("<QQ", image, at)
        if image[code + place - 6] == 0x62:
            new = 50
        else:
            new = {42: 43, 22: 44, 34: 45}[info & 0xFFFFFFFF]
        struct.pack_into("<Q", image, at + 8, info >> 32 << 32 | new)
with open(output, "wb") as file:
    file.write(image)
