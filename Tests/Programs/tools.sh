#!/usr/bin/env bash
# Lets the tools that work on programs (strip, take apart, compress, edit, describe, watch) work on
# what weld has linked and on what lld has linked from the same objects, and compares: they have to say
# the same words, and what comes out has to do the same.
#
#   tools.sh WELD [KIND…]     KIND is static, static-pie, pie, no-pie or library
set -euo pipefail

if [ "$#" -lt 1 ] || [ ! -x "$1" ]; then
  echo "usage: tools.sh WELD [KIND…]    WELD is the built linker" >&2
  exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)/tools
. "$here/../support.sh"
set_up tools "$1"
shift
mkdir weld lld
export LC_ALL=C DEBUGINFOD_URLS=

lld=$(first ld.lld-19 ld.lld)
llvm_objcopy=$(first llvm-objcopy-19 llvm-objcopy)
llvm_strip=$(first llvm-strip-19 llvm-strip)
need strip objcopy eu-strip eu-unstrip dwz debugedit patchelf chrpath abidw abidiff valgrind perf gdb \
  readelf

for linker in weld lld; do
  mkdir -p "bin/$linker"
  ln -sf "${!linker}" "bin/$linker/ld"
done

# step WORDS…: runs a tool, and writes what it was, what it said, and how it ended. Addresses, numbers
# of processes, offsets and times differ between linkers or runs.
step() {
  local status=0
  echo "\$ $*"
  timeout 120 "$@" >said 2>&1 </dev/null || status=$?
  sed -E 's/0x[0-9a-fA-F]+/N/g; s/==[0-9]+==/==/g; s/\b[0-9a-f]{12,}\b/N/g
    s/\b(process|Thread|LWP) [0-9]+/\1 N/g' said
  echo "= $status"
}

# runs FILE: that it still does what it did.
runs() { step "./$1"; }

# stops FILE: what a debugger shows of it. Whether it has debug information is seen in the lines.
stops() {
  step gdb -nx -batch -ex 'set style enabled off' -ex 'set debuginfod enabled off' \
    -ex 'set startup-with-shell off' -ex 'break stop_here' -ex run -ex 'info source' -ex bt -ex 'print box' \
    -ex 'print global_counter' -ex 'print local_counter' -ex 'ptype box' -ex finish \
    -ex 'info line busy' -ex 'break words_count' -ex continue -ex bt -ex kill "$1" |
    grep -vE '^(\[Thread debugging|Using host libthread_db|Contains ELF|Compilation directory|Located in|Current source)'
}

# segments FILE BEFORE: whether a tool has kept the segments of what it worked on. How many there are is
# the linkers' own affair.
segments() {
  local file
  for file in "$1" "$2"; do readelf -lW "$file" | awk '$1 ~ /^[A-Z_]+$/ && $2 ~ /^0x/ { print $1 }'; done |
    awk '{ all[NR] = $0 } END {
      for (i = 1; i <= NR / 2; i++) if (all[i] != all[i + NR / 2]) bad = 1
      print (NR % 2 || bad ? "other segments" : "the same segments")
    }'
}

strips() {
  local file=$1 tool
  for tool in strip eu-strip "$llvm_strip"; do
    step "$tool" -o stripped "$file"
    runs stripped
    step "$tool" -g -o stripped "$file"
    runs stripped
  done
  for tool in objcopy "$llvm_objcopy"; do
    step "$tool" "$file" copied
    runs copied
    step "$tool" --strip-unneeded "$file" copied
    runs copied
    step "$tool" --compress-debug-sections "$file" copied
    runs copied
    stops copied
    step "$tool" --remove-section=.comment --add-section=.added=../library-relative.o "$file" copied
    runs copied
  done
}

separates() {
  local file=$1 tool
  for tool in objcopy "$llvm_objcopy"; do
    step "$tool" --only-keep-debug "$file" separate.debug
    step "$tool" --strip-all --add-gnu-debuglink=separate.debug "$file" separate
    runs separate
    stops separate
    segments separate "$file"
  done
  step eu-strip -f separate.debug -o separate "$file"
  runs separate
  stops separate
  # It does not read a dynamic symbol table without symbols, be it by weld, GNU ld or mold. lld's has one.
  if [ "$kind" != static-pie ]; then
    step eu-unstrip separate separate.debug -o whole
    runs whole
    stops whole
    segments whole "$file"
  fi
  rm -f separate.debug
}

edits() {
  local file=$1
  cp "$file" edited
  step dwz edited
  runs edited
  stops edited
  cp "$file" edited
  cp "$file" edited-too
  step dwz -m common.debug -h edited edited-too
  stops edited
  cp "$file" edited
  step debugedit -b "$here" -d /somewhere/else -l sources edited
  tr '\0' '\n' <sources | sort -u
  runs edited
  cp "$file" edited
  step debugedit -i edited
  runs edited
}

# What only a dynamic program has.
paths() {
  local file=$1
  step patchelf --print-interpreter --print-needed --print-rpath "$file"
  step patchelf --set-rpath /a/much/longer/path/than/there/was/before:. --output patched "$file"
  runs patched
  step patchelf --print-rpath patched
  step patchelf --remove-rpath --output patched "$file"
  step patchelf --add-needed libm.so.6 --output patched "$file"
  runs patched
  step patchelf --set-interpreter "$(patchelf --print-interpreter /bin/sh)" --output patched "$file"
  runs patched
  stops patched
  cp "$file" patched
  step chrpath -l patched
  step chrpath -r . patched
  step chrpath -l patched
  runs patched
  step chrpath -d patched
}

watches() {
  local file=$1
  step valgrind --leak-check=full --num-callers=4 "./$file" 10 careless |
    grep -vE '^== (Memcheck|Copyright|Using Valgrind|Command)'
  echo "\$ perf record $file"
  perf record -q -o profile "./$file" 60000000 2>&1
  perf report -i profile --stdio --sort symbol 2>/dev/null | awk '/^ +[0-9.]+%/ && $1 + 0 > 60 { print $3 }'
  perf annotate -i profile --stdio -s busy 2>&1 | grep -c 'sum += i % 7' | sed 's/^[1-9].*/lines/'
}

describes() {
  step abidw --no-corpus-path --no-comp-dir-path --drop-private-types libwords.so
  step patchelf --set-soname libother.so.1 --output other.so libwords.so
  step patchelf --print-soname other.so
  step abidw --no-corpus-path --no-comp-dir-path --out-file described.xml libwords.so
  local tool
  for tool in strip eu-strip "$llvm_strip"; do
    step "$tool" -o other.so libwords.so
    step "$tool" -g -o other.so libwords.so
  done
  step objcopy --only-keep-debug libwords.so libwords.debug
  step abidw --no-corpus-path --no-comp-dir-path --debug-info-dir . other.so | tail -n 1
}

# Objects are the linkers' common input.
objects() {
  g++ -O1 -g $2 -c "$here/program.cc" -o "program-$1.o"
  gcc -O1 -g $2 -c "$here/library.c" -o "library-$1.o"
}
objects absolute -fno-pie
objects relative -fPIC

# make KIND: links `program` in the current directory.
make_program() {
  local kind=$1 objects=relative flags=-$1
  case $kind in
    static) objects=absolute ;;
    no-pie)
      objects=absolute
      flags+=" -Wl,-rpath,/nowhere/at/all"
      ;;
    pie) flags+=" -Wl,-rpath,/nowhere/at/all" ;;
    library) flags="-pie -L. -lwords -Wl,-rpath,\$ORIGIN" ;;
  esac
  local files="../program-$objects.o"
  if [ "$kind" = library ]; then
    gcc "-B$out/bin/$linker" -shared ../library-relative.o -Wl,-soname,libwords.so \
      "-Wl,--version-script=$here/library.map" -Wl,--build-id=sha1 -o libwords.so
  else
    files+=" ../library-$objects.o"
  fi
  # shellcheck disable=SC2086
  g++ "-B$out/bin/$linker" $files $flags -Wl,--build-id=sha1 -o program
}

session() {
  runs program
  stops program
  strips program
  separates program
  edits program
  watches program
  case $kind in pie | no-pie | library) paths program ;; esac
  if [ "$kind" = library ]; then describes; fi
}

if [ "$#" -eq 0 ]; then
  set -- static static-pie pie no-pie library
fi
failures=0
for kind in "$@"; do
  for linker in weld lld; do
    (
      cd "$linker"
      make_program "$kind" || fail "$linker: $kind: not linked"
      session 2>&1 | sed -E "s#$out/$linker#HERE#g" >transcript
    ) || fail "$linker: $kind: a session ended early: $out/$linker/transcript"
  done
  steps=$(grep -c '^\$' weld/transcript)
  if ! diff -U6 --label lld --label weld lld/transcript weld/transcript >difference; then
    echo "error: tools on a $kind program: not as with lld's:"
    head -n 80 difference
    failures=$((failures + 1))
  elif grep -qxE '= 1([2-9][0-9])' weld/transcript; then
    fail "$kind: something crashes, or does not end: $out/weld/transcript"
  else
    echo "tools on a $kind program: $steps steps, as with lld's"
  fi
  if [ "$kind" = library ]; then
    abidiff weld/libwords.so lld/libwords.so || fail "abidiff: the two libraries differ"
    echo "abidiff: the two libraries have one interface"
  fi
done
[ "$failures" -eq 0 ] || exit 1
