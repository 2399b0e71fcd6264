import struct
import sys

with open(sys.argv[1], "rb") as file:
    image = file.read()
(offset,) = struct.unpack_from("<Q", image, 32)
(count,) = struct.unpack_from("<H", image, 56)
largest = {}
for i in range(count):
    kind, flags, start, address, _, _, _, alignment = struct.unpack_from(
        "<IIQQQQQQ", image, offset + i * 56)
    if kind != 1:
        continue
    if start % alignment != address % alignment:
        sys.exit(f"segment {i}: offset {start:#x} and address {address:#x} disagree")
    largest[flags] = max(largest.get(flags, 0), alignment)
if struct.unpack_from("<H", image, 16)[0] == 3 and (largest[4] < 0x20000 or largest[6] < 0x40000):
    sys.exit(f"p_align is too small: {largest}")
