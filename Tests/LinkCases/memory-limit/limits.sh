# Links under limits from too small for anything to large enough; the steps are such that many
# tables are the one that does not fit.
mkdir limited
size=24000
ended=
while [ $size -lt 400000 ]; do
  echo earlier > limited/out
  (ulimit -c 0; ulimit -v $size; exec "$1" main.o -o limited/out) > messages 2>&1
  status=$?
  case $status in
  0) ended="$ended linked" ;;
  1)
    grep -q 'weld: error: .*\(out of memory\|Cannot allocate memory\)' messages || exit 1
    grep -qx earlier limited/out || exit 1
    ended="$ended refused"
    ;;
  # The linker could not even be loaded.
  126 | 127 | 137) ;;
  *) cat messages; echo "status $status with $size KiB"; exit 1 ;;
  esac
  [ "$(ls limited)" = out ] || exit 1
  size=$((size + size / 60))
done
case $ended in *refused*linked*) ;; *) echo "limits did not matter:$ended"; exit 1 ;; esac
