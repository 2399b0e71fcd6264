# Strips copies with each tool, and runs what is left.
set -e
quietly() {
  rm -f stripped
  said=$("$@" 2>&1)
  [ -z "$said" ] || { echo "$*: $said"; exit 1; }
  [ -f stripped ] || { echo "$*: no output"; exit 1; }
  status=0
  ./stripped || status=$?
  [ "$status" = 42 ] || { echo "$*: the program ends with $status"; exit 1; }
}
for tool in llvm-strip-19 strip eu-strip; do
  quietly "$tool" -o stripped "$OUT"
  quietly "$tool" -g -o stripped "$OUT"
done
for tool in llvm-objcopy-19 objcopy; do
  quietly "$tool" "$OUT" stripped
  quietly "$tool" --strip-all "$OUT" stripped
  quietly "$tool" --strip-debug "$OUT" stripped
done
