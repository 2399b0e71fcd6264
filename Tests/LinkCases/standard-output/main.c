// `-` is standard output for every file that the linker writes; so is a pipe.
//#kinds: static pie shared
//#drivers: gcc
//#without: bfd makes a file called `-`
//#without: mold makes a file called `-`
//#without: lld has no more than -o and -Map
//#link: -Wl,--hash-style=gnu
//#check: $RELINK -o - | cmp - $OUT
//#check: test ! -e ./-
//#check: $RELINK -o /dev/stdout | cmp - $OUT
//#check: $RELINK -o other -Wl,-Map=- ~ main.o:\(.text\)
//#check: $RELINK -o other -Wl,--dependency-file=- ~ ^main.o:$
//#check: $RELINK -o other -Wl,--time-trace=- ~ traceEvents
//#check: mkfifo pipe; (cat pipe > copy) & $RELINK -o pipe && wait && cmp copy $OUT && test -p pipe
//#check: test ! -e ./-
int main(void) { return 0; }
