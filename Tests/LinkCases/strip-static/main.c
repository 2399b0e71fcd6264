// Tools that strip take static programs, too: what they take out of them is not referred to.
//#kinds: static static-pie pie no-pie
//#drivers: gcc
//#needs: llvm-strip-19 llvm-objcopy-19 strip objcopy eu-strip
//#without: bfd llvm-strip does not take it
//#check: sh $SRC/strip.sh
//#check[static,!lld,!mold]: readelf -SW $OUT ~ \.rela\.plt .* AI? +0 +0 +8
//#exit: 42
#include <string.h>
int main(int argc, char **argv) { return strlen(argv[0]) > 0 ? 42 : 1; }
