#!/usr/bin/env bash
# Reads programs that weld has linked with the tools that people read programs with, and reports what
# they say that they do not say of lld's output of the same command line: their complaints, and what
# differs in what `readelf -a` shows, but for what readback/deliberate lists.
#
#   readback.sh WELD [NAME…]     NAME is one of the functions called `pair_…` below, without prefix
#   readback.sh WELD @FILE       the link that a response file describes
set -euo pipefail

if [ "$#" -lt 1 ] || [ ! -x "$1" ]; then
  echo "usage: readback.sh WELD [NAME…]    WELD is the built linker" >&2
  exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)/readback
. "$here/../support.sh"
set_up readback "$1"
shift
mkdir bin
grep -vE '^(#|$)' "$here/deliberate" >deliberate
failures=0
# Seconds for each tool; large programs with debug information need more.
limit=${READBACK_LIMIT:-60}
# Sorted as Python sorts.
export LC_ALL=C

lld=$(first ld.lld-19 ld.lld)
llvm_readelf=$(first llvm-readelf-19 llvm-readelf)
need readelf objdump eu-elflint eu-readelf gdb python3

# A compiler's link becomes two: weld writes what the compiler asked for, and lld the same beside it.
cat >"$out/bin/ld" <<END_OF_SCRIPT
#!/usr/bin/env bash
previous= output=a.out
for word in "\$@"; do
  if [ "\$previous" = -o ]; then output=\$word; fi
  previous=\$word
done
"$weld" "\$@" && exec "$lld" "\$@" -o "\$output.lld"
END_OF_SCRIPT
chmod +x "$out/bin/ld"
for name in ld.lld ld.gold ld.bfd; do
  ln -sf ld "$out/bin/$name"
done

# says COMMAND…: what a tool writes to its standard error; a tool that hangs or crashes says that.
says() {
  local status=0
  timeout "$limit" "$@" 2>&1 >/dev/null || status=$?
  if [ "$status" -ge 124 ]; then
    echo "$*: ended with status $status (124: took more than $limit seconds)"
  fi
}

# What the tools complain of in a file, without numbers; sorted, each once. elflint also has a line
# for files without fault.
complaints() {
  local file=$1
  {
    timeout "$limit" eu-elflint --gnu-ld "$file" 2>&1 | sed '/^No errors$/d; s/^/eu-elflint: /' || true
    says readelf -aW "$file"
    says eu-readelf -a "$file"
    says "$llvm_readelf" -a "$file"
    says readelf -W --debug-dump=frames,info,line "$file"
    says objdump -d "$file"
    says gdb -nx -batch -ex 'info functions main' "$file"
  } | sed -E "s#${file//./\\.}#FILE#g; s/0x[0-9a-f]+/N/g; s/\b[0-9a-f]{6,}\b/N/g; s/[0-9]+/N/g
    s/'\.rela\.(dyn|plt)'/RELA/; s/( wrong flags: expected .*), is .*/\1/" | sort -u
}

# compare NAME FILE: what is new in FILE against FILE.lld.
compare() {
  local name=$1 file=$2
  complaints "$file" >weld.complaints &
  complaints "$file.lld" >lld.complaints
  wait
  python3 "$here/facts.py" "$file" >weld.facts &
  python3 "$here/facts.py" "$file.lld" >lld.facts
  wait
  {
    comm -23 weld.complaints lld.complaints
    { comm -23 weld.facts lld.facts | sed 's/^/< /' && comm -13 weld.facts lld.facts | sed 's/^/> /'; } |
      grep -vxEf deliberate || true
  } >new
  [ -s weld.facts ] || fail "$name: readelf shows nothing"
  if [ -s new ]; then
    echo "error: $name: new against lld's (<: only weld's, >: only lld's):"
    cat new
    failures=$((failures + 1))
  else
    echo "read back $name: nothing new"
  fi
}

kinds="static static-pie pie no-pie shared"
flags_of() {
  case $1 in
    static) echo "-fno-pie -static" ;;
    static-pie) echo "-fPIE -static-pie" ;;
    pie) echo "-fPIE -pie" ;;
    no-pie) echo "-fno-pie -no-pie" ;;
    shared) echo "-fPIC -shared" ;;
  esac
}

# c NAME SOURCE FLAGS…: compiles, links and compares.
c() {
  local name=$1 source=$2 compiler=gcc
  shift 2
  case $source in *.cc) compiler=g++ ;; esac
  "$compiler" "-B$out/bin" -O1 -w "$@" "$here/$source" -o "$name" || fail "$name: not linked"
  compare "$name" "$name"
}

pair_plain() {
  local kind
  for kind in $kinds; do
    # shellcheck disable=SC2046
    c "plain-$kind" plain.c $(flags_of "$kind") -g
  done
  c plain-gz plain.c -g -gz -pie -fPIE -Wl,--gc-sections -ffunction-sections
  c plain-now plain.c -pie -fPIE -Wl,-z,now -Wl,--build-id -rdynamic
  c plain-relr plain.c -pie -fPIE -Wl,--pack-dyn-relocs=relr -Wl,--compress-debug-sections=zstd -g
  c plain-stripped plain.c -pie -fPIE -s
  c plain-tracked plain.c -pie -fPIE -fcf-protection -Wl,--hash-style=both
}

pair_modern() {
  c modern-static modern.cc -static
  c modern-pie modern.cc -pie -fPIE -g -gz
  c modern-no-pie modern.cc -no-pie -fno-pie -ffunction-sections -Wl,--gc-sections
  c modern-shared modern.cc -shared -fPIC
}

pair_library() {
  c libwords.so library.c -shared -fPIC -Wl,--version-script="$here/library.map" \
    -Wl,-soname,libwords.so -fno-common
  c libsections.so library.c -shared -fPIC -g -Wl,--version-script="$here/library.map" \
    -Wl,--no-undefined -Wl,-z,nodelete -Wl,-Bsymbolic-functions
  c user-pie user.c -pie -fPIE -L. -lwords
  c user-no-pie user.c -no-pie -fno-pie -L. -lwords -Wl,-rpath,/nowhere
}

pair_ifunc() {
  local kind
  for kind in $kinds; do
    # shellcheck disable=SC2046
    c "ifunc-$kind" ifunc.c $(flags_of "$kind")
  done
}

pair_rust() {
  if ! have rustc; then
    echo "Rust: no rustc on the path"
    return 0
  fi
  local flags=(--edition 2021 -C linker=gcc -C "link-arg=-B$out/bin")
  if rustc -C linker-features=-lld --print cfg >/dev/null 2>&1; then
    flags+=(-C linker-features=-lld)
  fi
  rustc "${flags[@]}" -g "$here/../rust/program.rs" -o rust
  compare rust rust
}

pair_swift() {
  swiftc -Xclang-linker "--ld-path=$out/bin/ld" -module-cache-path "$out/../modules" -g \
    "$root/Examples/demo/hello.swift" -o swift
  compare swift swift
}

if [ "$#" -eq 0 ]; then
  set -- plain modern library ifunc rust swift
fi
for name in "$@"; do
  if [ "${name:0:1}" = @ ]; then
    "$out/bin/ld" "$name" -o from-response-file
    compare "${name#@}" from-response-file
  else
    declare -F "pair_$name" >/dev/null || fail "no such pair: $name"
    "pair_$name"
  fi
done
[ "$failures" -eq 0 ] || exit 1
