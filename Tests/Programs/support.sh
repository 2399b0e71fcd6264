# What the scripts here have in common.

fail() {
  echo "error: $*" >&2
  exit 1
}

# set_up NAME WELD makes an empty directory for a script, and goes there. Sets root, out and weld, all of
# them absolute.
set_up() {
  root=$(cd "$here/../../.." && pwd)
  out=$root/.build/programs/$1
  weld=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
  rm -rf "$out"
  mkdir -p "$out"
  cd "$out"
}

have() { command -v "$1" >/dev/null; }

# The first of several programs that there is.
first() {
  local name
  for name in "$@"; do
    if have "$name"; then
      command -v "$name"
      return
    fi
  done
  fail "none of these is on the path: $*"
}

# Fails unless all of the programs are there.
need() {
  local tool
  for tool in "$@"; do
    have "$tool" || fail "$tool is not on the path"
  done
}
