#!/usr/bin/env bash
# Links the programs of this folder with weld, as the compilers' own linker, and runs them.
#
#   run.sh WELD [NAME…]     NAME is one of the functions called `demo_…` below, without the prefix
#
# Each line tells how long the linker took: not the compiler, nor the compiler's driver.
set -euo pipefail

if [ "$#" -lt 1 ] || [ ! -x "$1" ]; then
  echo "usage: run.sh WELD [NAME…]    WELD is the built linker" >&2
  exit 1
fi
# Not resolved: a linker may go by the name that it is called by.
weld=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
cd "$(dirname "$0")"
out=$(cd ../.. && pwd)/.build/demo
rm -rf "$out"
mkdir -p "$out/bin" "$out/timed" "$out/objects"

# This directory is all that a compiler needs: `gcc -B .build/demo/bin …`.
for name in ld ld.weld weld; do
  ln -s "$weld" "$out/bin/$name"
done

# The demo itself goes through an `ld` that notes how long weld takes. The note is also the proof
# that the compiler has called weld and not the system's linker.
cat >"$out/timed/ld" <<END
#!/usr/bin/env bash
start=\${EPOCHREALTIME/[.,]/}
"$weld" "\$@"
status=\$?
echo \$((\${EPOCHREALTIME/[.,]/} - start)) >>"$out/time"
exit \$status
END
chmod +x "$out/timed/ld"

have() { command -v "$1" >/dev/null; }

# link_and_run NAME PROGRAM EXPECTED COMMAND…: runs the command, which links PROGRAM, and tries it.
link_and_run() {
  local name=$1 program=$2 expected=$3
  shift 3
  rm -f "$out/time"
  if ! "$@"; then
    echo "error: $name: the link failed" >&2
    exit 1
  fi
  if [ ! -s "$out/time" ]; then
    echo "error: $name: the compiler has not called weld" >&2
    exit 1
  fi
  local text microseconds
  if [ -z "$expected" ]; then
    text="linked"
  elif ! text=$("$program") || [[ "$text" != "$expected"* ]]; then
    echo "error: $name: printed '$text' and not '$expected…'" >&2
    exit 1
  fi
  microseconds=$(tail -n 1 "$out/time")
  printf '%-22s %6d.%d ms  %s\n' "$name" $((microseconds / 1000)) $((microseconds / 100 % 10)) \
    "$text"
}

gcc_weld=(gcc "-B$out/timed")
gxx_weld=(g++ "-B$out/timed")

c_object() {
  gcc -O2 "$@" -c hello.c -o "$out/objects/hello.o"
}

demo_c-static() {
  c_object
  link_and_run "C, static" "$out/c-static" "hello from C:" \
    "${gcc_weld[@]}" -static "$out/objects/hello.o" -o "$out/c-static"
}

demo_c-pie() {
  c_object -fPIE
  link_and_run "C, PIE" "$out/c-pie" "hello from C:" \
    "${gcc_weld[@]}" -pie "$out/objects/hello.o" -o "$out/c-pie"
}

demo_c-clang() {
  if ! have clang; then
    return 0
  fi
  clang -O2 -fPIE -c hello.c -o "$out/objects/hello-clang.o"
  link_and_run "C, by clang" "$out/c-clang" "hello from C:" \
    clang "--ld-path=$out/timed/ld" -pie "$out/objects/hello-clang.o" -o "$out/c-clang"
}

demo_cxx() {
  g++ -O2 -pthread -c threads.cpp -o "$out/objects/threads.o"
  link_and_run "C++, threads" "$out/cxx" "hello from C++: sum 11, total 15, caught: thread 3" \
    "${gxx_weld[@]}" -pthread "$out/objects/threads.o" -o "$out/cxx"
}

demo_library() {
  g++ -O2 -fPIC -c library.cpp -o "$out/objects/library.o"
  g++ -O2 -c library-user.cpp -o "$out/objects/library-user.o"
  link_and_run "C++, a library" "" "" \
    "${gxx_weld[@]}" -shared "$out/objects/library.o" -o "$out/liblibrary.so"
  link_and_run "C++, its user" "$out/library-user" "hello from a library: 42, odd numbers" \
    "${gxx_weld[@]}" "$out/objects/library-user.o" "-L$out" -llibrary "-Wl,-rpath,$out" \
    -o "$out/library-user"
}

demo_rust() {
  if ! have rustc; then
    return 0
  fi
  # Newer compilers bring their own lld and have to be told not to take it.
  local flags=(-C linker=gcc -C "link-arg=-B$out/timed")
  if rustc -C linker-features=-lld --print cfg >/dev/null 2>&1; then
    flags+=(-C linker-features=-lld)
  fi
  link_and_run "Rust" "$out/rust" "hello from Rust: {1: 1, 2: 4, 3: 9}, caught: true" \
    rustc --edition 2021 -O "${flags[@]}" hello.rs -o "$out/rust"
}

demo_swift() {
  if ! have swiftc; then
    return 0
  fi
  local flags=(-O -Xclang-linker "--ld-path=$out/timed/ld" -module-cache-path "$out/modules")
  link_and_run "Swift" "$out/swift" "hello from Swift: area 13.0, {\"side\":4}" \
    swiftc "${flags[@]}" hello.swift -o "$out/swift"
  link_and_run "Swift, static stdlib" "$out/swift-static" "hello from Swift: area 13.0" \
    swiftc "${flags[@]}" -static-stdlib hello.swift -o "$out/swift-static"
}

if [ "$#" -eq 0 ]; then
  set -- c-static c-pie c-clang cxx library rust swift
fi
for name in "$@"; do
  if ! declare -F "demo_$name" >/dev/null; then
    echo "error: no such demo: $name" >&2
    exit 1
  fi
  "demo_$name"
done
