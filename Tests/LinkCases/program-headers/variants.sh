# The same with options that add, drop, join and split segments.
try() {
  eval "$RELINK" "$@" -o variant || exit 1
  python3 "$SRC/check.py" variant || { echo "with $*"; exit 1; }
}
try -Wl,-z,now
try -Wl,-z,norelro
try -Wl,--build-id
try -Wl,-z,separate-loadable-segments
try -Wl,-z,noseparate-code
try -Wl,--no-eh-frame-hdr
try -Wl,-z,execstack
try -Wl,--gc-sections
try -s
try -Wl,--pack-dyn-relocs=relr
try "-Wl,--package-metadata='{}'"
case $KIND in
  static | no-pie)
    try -Wl,-Ttext=0x700000
    try -Wl,-Tbss=0x900000
    try -Wl,--section-start=.data=0x800000
    ;;
esac
