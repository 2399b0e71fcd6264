# What the scripts here have in common.

fail() {
  echo "error: $*" >&2
  exit 1
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
