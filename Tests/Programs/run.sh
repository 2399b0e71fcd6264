#!/usr/bin/env bash
# Links larger programs with weld, through the compilers and package managers that make them, and
# runs them.
#
#   run.sh WELD [NAME…]     NAME is one of the functions called `program_…` below, without the prefix
#
# What is compiled is kept in .build/programs, so a second run only links.
set -euo pipefail

if [ "$#" -lt 1 ] || [ ! -x "$1" ]; then
  echo "usage: run.sh WELD [NAME…]    WELD is the built linker" >&2
  exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)
. "$here/support.sh"
root=$(cd "$here/../.." && pwd)
out=$root/.build/programs
mkdir -p "$out/bin"
# A copy: weld's own build is linked again below.
cp -f "$1" "$out/weld"
shift
weld=$out/weld
cd "$out"

# Every compiler finds weld here under the name that it asks for, and each call is noted: that is
# the proof that the compiler has called weld and not another linker. gcc is told by -B, clang by
# --ld-path or, as everything that runs it, by $COMPILER_PATH.
cat >"$out/bin/ld" <<END_OF_SCRIPT
#!/usr/bin/env bash
printf '%s\n' "\$@" >"$out/last-link"
exec "$weld" "\$@"
END_OF_SCRIPT
chmod +x "$out/bin/ld"
for name in ld.lld ld.gold ld.bfd; do
  ln -sf ld "$out/bin/$name"
done

# quietly NAME COMMAND…: shows what a command says only if it fails.
quietly() {
  local name=$1
  shift
  if ! "$@" >"$out/log" 2>&1; then
    tail -n 40 "$out/log" >&2
    fail "$name: failed: $*"
  fi
}

# linked NAME COMMAND…: runs a command that has to call weld.
linked() {
  local name=$1
  rm -f "$out/last-link"
  quietly "$@"
  [ -s "$out/last-link" ] || fail "$name: the compiler has not called weld"
}

# prints NAME EXPECTED COMMAND…: runs a program.
prints() {
  local name=$1 expected=$2 text
  shift 2
  text=$(timeout 120 "$@" 2>"$out/log") || {
    cat "$out/log" >&2
    fail "$name: exited with $?: $*"
  }
  [ "$text" = "$expected" ] || fail "$name: printed '$text' and not '$expected'"
  echo "$name: passed"
}

# same NAME A B: the two files have the same bytes.
same() {
  cmp "$2" "$3" || fail "$1: the two files differ"
}

# weld links itself, and what comes out links itself again to the same bytes.
program_self() {
  local line=$out/self.rsp threads
  # The package manager links only what is missing; its own output comes back at the end.
  rm -f "$root/.build/release/weld"
  trap 'cp -f "$weld" "$root/.build/release/weld"' EXIT
  linked "weld itself" env "COMPILER_PATH=$out/bin" \
    swift build --package-path "$root" -c release --product weld
  sed '/^-o$/,+1d' "$out/last-link" >"$line"
  "$weld" "@$line" -o weld-by-weld
  ./weld-by-weld "@$line" -o weld-by-itself
  same "weld by itself" weld-by-weld weld-by-itself
  for threads in 1 2 8; do
    ./weld-by-itself "@$line" --threads=$threads -o weld-by-threads
    same "weld with $threads threads" weld-by-itself weld-by-threads
  done
  mkdir -p by-itself
  ln -sf ../weld-by-itself by-itself/ld
  gcc -O2 -B by-itself "$root/Examples/demo/hello.c" -o hello
  [[ "$(./hello)" == "hello from C:"* ]] || fail "weld by itself: hello printed '$(./hello)'"
  echo "weld itself: passed"
}

# Swift with Foundation, in every way that its libraries can be linked.
program_swift() {
  local expected library level
  expected='true 16 August 1906 CocoaError 5050 true 3 ["name", "born", "numbers"]'
  for library in "" -static-stdlib -static-executable; do
    for level in -Onone -O; do
      # shellcheck disable=SC2086
      linked "Swift $library $level" swiftc -swift-version 6 -module-name program \
        $level $library -g -Xclang-linker "--ld-path=$out/bin/ld" -module-cache-path "$out/modules" \
        "$here/swift/foundation.swift" -o swift-program
      prints "Swift $library $level" "$expected" ./swift-program
    done
  done
}

program_rust() {
  if ! have rustc; then
    echo "Rust: no rustc on the path"
    return 0
  fi
  # Newer compilers bring their own lld and have to be told not to take it.
  local flags=(--edition 2021 -C linker=gcc -C "link-arg=-B$out/bin") kind expected
  if rustc -C linker-features=-lld --print cfg >/dev/null 2>&1; then
    flags+=(-C linker-features=-lld)
  fi
  local answers='6 {0: 0, 1: 1, 2: 4, 3: 9} 42 3 is too many 3'
  local kinds=(
    "-g"
    "-O"
    "-O -g -C panic=unwind -C symbol-mangling-version=v0"
    "-O -g -C panic=abort"
    "-O -C lto=fat"
    "-O -C target-feature=+crt-static"
    "-O -C relocation-model=static"
    "-O -C prefer-dynamic -C rpath"
    "-g -C link-arg=-Wl,--compress-debug-sections=zstd"
  )
  for kind in "${kinds[@]}"; do
    expected=$answers$'\ncaught: true\nmain is in the backtrace: true'
    if [[ "$kind" == *panic=abort* ]]; then
      expected=$answers$'\nmain is in the backtrace: true'
    fi
    # shellcheck disable=SC2086
    linked "Rust $kind" rustc "${flags[@]}" $kind "$here/rust/program.rs" -o rust-program
    prints "Rust $kind" "$expected" ./rust-program
  done
  linked "Rust for C" \
    rustc "${flags[@]}" -O --crate-type cdylib "$here/rust/library.rs" -o libwords.so
  linked "C with Rust" \
    gcc "-B$out/bin" "$here/rust/user.c" -L. -lwords -Wl,-rpath,"$out" -o rust-user
  prints "C with Rust" "10 letters, caught: 1" ./rust-user
}

# A package with swift-syntax: the compiler runs the plugin that weld has linked.
program_syntax() {
  mkdir -p syntax-macro
  cp -R "$here/syntax-macro/." syntax-macro
  rm -f syntax/debug/answer syntax/debug/Macros-tool
  linked "swift-syntax" env "COMPILER_PATH=$out/bin" \
    swift build --package-path syntax-macro --scratch-path syntax
  prints "swift-syntax" "6 * 7 = 42, 4 tokens" syntax/debug/answer
}

# All of LLVM in one program, which runs a pipeline of passes and compiles.
program_llvm() {
  local inputs=${WELD_BENCH_INPUTS:-$root/Benchmarks/.inputs} line flags
  line=$inputs/llvm-all/link.rsp
  quietly "LLVM" "$root/Benchmarks/prepare" llvm-all
  for flags in "" "--gc-sections --build-id"; do
    # shellcheck disable=SC2086
    "$weld" "@$line" $flags -o llvm
    ./llvm >llvm.text || fail "LLVM $flags: exited with $?"
    grep -qx "  ret i32 42" llvm.text || fail "LLVM $flags: the passes have not folded the function"
    eu-elflint --quiet --gnu-ld llvm || fail "LLVM $flags: eu-elflint finds fault with it"
    # shellcheck disable=SC2086
    "$weld" "@$line" $flags --threads=1 -o llvm-again
    same "LLVM $flags, one thread" llvm llvm-again
    echo "LLVM $flags: passed"
  done
  rm -f llvm llvm-again
}

# What the tools that show programs say of weld's is no more than of lld's.
program_readback() {
  "$here/readback.sh" "$weld"
}

# Tools that work on programs do with weld's what they do with lld's.
program_tools() {
  "$here/tools.sh" "$weld"
}

# The C interface: installed somewhere, used by compilers that know only what pkg-config says.
program_c_interface() {
  local here=$here/c-interface to=$out/c-interface user how language line
  local configuration=${CONFIGURATION:-release}
  rm -rf "$to"
  mkdir -p "$to/programs"
  quietly "C interface" make -C "$root" "CONFIGURATION=$configuration" install \
    "DESTDIR=$to" PREFIX=/usr
  local -x PKG_CONFIG_PATH=$to/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$to
  local -x LD_LIBRARY_PATH=$to/usr/lib SWIFT_BACKTRACE=enable=no
  [ "$(readlink "$to/usr/bin/ld.weld")" = weld ] || fail "C interface: there is no ld.weld"

  # The header says what the libraries have, and the libraries have nothing else.
  gcc -E -P "$to/usr/include/weld.h" | grep -o '\bweld_[a-z_]* *(' | tr -d ' (' |
    grep -vx weld_result | sort >"$to/declared"
  nm -D --defined-only "$to/usr/lib/libweld.so" |
    sed -n 's/^[^ ]* [TWVBDR] \([^@]*\).*/\1/p' | sort >"$to/shared"
  nm -g --defined-only "$to/usr/lib/libweld.a" | sed -n 's/^[^ ]* [A-Zuvw] //p' | sort >"$to/static"
  [ "$(wc -l <"$to/declared")" -ge 40 ] || fail "C interface: the header's functions are not found"
  diff "$to/declared" "$to/shared" >&2 || fail "C interface: libweld.so is not what weld.h says"
  diff "$to/declared" "$to/static" >&2 || fail "C interface: libweld.a is not what weld.h says"
  if readelf -d "$to/usr/lib/libweld.so" | grep NEEDED | grep -i swift >&2; then
    fail "C interface: libweld.so needs the Swift runtime"
  fi
  [[ "$("$to/usr/bin/weld" --version)" == "weld $(pkg-config --modversion weld) "* ]] ||
    fail "C interface: the header has another version than the linker"

  gcc -c "$here/twice.c" -o "$to/twice.o"
  for how in weld weld-static; do
    for language in "gcc -std=c11" "g++ -std=c++17 -x c++"; do
      # shellcheck disable=SC2046,SC2086
      quietly "C interface" $language -pedantic -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L \
        $(pkg-config --cflags $how) "$here/calls.c" -x none $(pkg-config --libs $how) -o "$to/calls"
      prints "C interface: $how, $language" "all calls" "$to/calls" "$to/programs" "$to/twice.o"
    done
    # shellcheck disable=SC2046
    quietly "C interface" gcc -std=c11 -pedantic -Wall -Wextra -Werror -D_GNU_SOURCE \
      $(pkg-config --cflags $how) "$here/wild.c" $(pkg-config --libs $how) -lpthread -o "$to/wild"
    prints "C interface: $how, wild calls" "nothing happened" "$to/wild" "$to/programs" "$RANDOM"
    quietly "C interface" make -C "$root/Examples/c-embedding" "BUILD=$to" "WELD=$how" -B
    user=$(timeout 60 "$to/embed" "$to/programs") || fail "C interface: the example exited with $?"
    for line in "hello from C" "hello again, from an edited function" "swapped" "swapped 'step'"; do
      grep -qxF "$line" <<<"$user" || fail "C interface: the example does not say '$line'"
    done
    grep -qx "the program was stopped .* exited with 7" <<<"$user" ||
      fail "C interface: the example's program has not ended as it should"
  done
  echo "C interface: the example: passed"
}

# A package of 150 links that passes its own tests; `packages` has the others.
program_package() {
  "$here/packages" "$weld" nettle
}

if [ "$#" -eq 0 ]; then
  set -- self swift rust readback tools llvm syntax c_interface package
fi
for name in "$@"; do
  declare -F "program_$name" >/dev/null || fail "no such program: $name"
  "program_$name"
done
