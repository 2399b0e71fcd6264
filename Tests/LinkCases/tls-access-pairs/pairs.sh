# Links each unit by itself, and each pair of units of one compiler, and runs what comes out.
run() {
  eval "$LINK" "-$KIND" main.o "$@" @rest "-Wl,--$MODE" -pthread -o pair || exit 1
  if [ "$KIND" = shared ]; then set -- ./host ./pair; else set -- ./pair; fi
  LD_LIBRARY_PATH=. "$@" >said || { echo "$units:" && cat said && exit 1; }
}
for unit in unit_*.o; do
  units=$unit
  run "$unit"
done
[ "$MODE" = relax ] || exit 0
for first in unit_gcc_*_O2_*.o; do
  for second in unit_gcc_*_O2_*.o; do
    [ "$first" = "$second" ] && break
    units="$first $second"
    run "$first" "$second"
  done
done
