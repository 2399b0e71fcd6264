# Makes a unit for each compiler, dialect, optimization and model, and `units`, which names all that
# the kind of output may have.
set -e
for maker in gcc_gnu_O2 gcc_gnu2_O0 gcc_gnu2_O2 clang_gnu_O2 clang_gnu2_O0 clang_gnu2_O2; do
  IFS=_ read -r compiler dialect level <<END
$maker
END
  if [ "$compiler" = clang ]; then compiler=clang-19; fi
  for model in gd:global-dynamic ld:local-dynamic ie:initial-exec le:local-exec; do
    name=${maker}_${model%%:*}
    define=
    # The others reach only what the program itself defines.
    case $KIND-$name in
      static*) ;;
      shared-*_le) continue ;;
      *_gd | *_ie) define=-DLIBRARY ;;
    esac
    "$compiler" "-$level" -fPIC "-mtls-dialect=$dialect" "-ftls-model=${model#*:}" "-DNAME=$name" \
      $define -c "$SRC/unit.c" -o "unit_$name.o"
  done
done
$CC -O1 -fPIC -c "$SRC/variables.c" -o variables.o
$CC "$SRC/../host.c" -o host -ldl
{
  echo variables.o
  case $KIND in static*) ;; *) echo liblibrary.so ;; esac
} >rest
{ ls unit_*.o && cat rest; } >units
