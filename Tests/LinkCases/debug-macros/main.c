// A header's macros, which gcc puts in a section group, are known in every unit that includes it:
// the other units' references go to the group that is kept, compressed or not.
//#each: dwarf = 4 5
//#each: form = plain zlib mixed collected
//#compile: -g3 -gdwarf-$dwarf
//#compile[clang]: -fdebug-macro
//#compile[zlib]: -gz=zlib
//#compile[collected]: -gz=zlib -ffunction-sections
//#object[!mixed]: other.c -> other.o
//#object[mixed]: other.c -gz=zlib -> other.o
//#link[collected]: -Wl,--gc-sections
//#needs: gdb
//#check: test $(gdb -batch -nx -ex 'list main' -ex 'info macro FROM_HEADER' $OUT | tee one | grep -c "^ *included at") = 1
//#check: cat one ~ ^ +included at .*main.c:
//#check: cat one ~ #define FROM_HEADER\(x\) \(\(x\) \+ 41\)
//#check: test $(gdb -batch -nx -ex 'list other' -ex 'info macro FROM_HEADER' $OUT | tee two | grep -c "^ *included at") = 1
//#check: cat two ~ ^ +included at .*other.c:1
//#check: cat two ~ #define FROM_HEADER\(x\) \(\(x\) \+ 41\)
//#exit: 42
#include "shared.h"
int other(int);
int main(void) { return other(0) + FROM_HEADER(-40); }
