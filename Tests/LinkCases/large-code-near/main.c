// The large model's code lies beside all other code: tables of frames reach it, and
// more than 2 GiB of zeroed data do not come between.
//#kinds: pie no-pie shared
//#drivers: gcc
//#each: WHERE = bss lbss
//#needs: clang-19
//#object: $WHERE.S
//#prepare: clang-19 -O1 -mcmodel=large -fPIC -fexceptions -c $SRC/code.c -o code.o
//#inputs: main.o $WHERE.o code.o
//#check: readelf -SW $OUT ~ \.ltext .* AXl
//#exit: 42
int unused;
