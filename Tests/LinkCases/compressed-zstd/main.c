// zstd in and out, as clang 18 and newer write it.
//#drivers: gcc
//#needs: llvm-objcopy-19 llvm-readelf-19 llvm-dwarfdump-19
//#without: lld+gcc version 14 knows no zstd
//#compile: -g
//#unit: other.c
//#prepare: llvm-objcopy-19 --compress-debug-sections=zstd other.o packed.o
//#link: packed.o -Wl,--compress-debug-sections=zstd
//#check: llvm-readelf-19 -tW $OUT ~ ZSTD
//#check: llvm-dwarfdump-19 $OUT ~ a_function_with_a_name
//#exit: 5
int a_function_with_a_name(int);
int main(void) { return a_function_with_a_name(2); }
