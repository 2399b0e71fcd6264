// LLVM bitcode without a plugin is refused with a reason.
//#drivers: clang
//#without: lld links it
//#without: bfd says only that it does not recognise the file
//#unit: lto.c -flto
//#link: lto.o
//#expect-error: lto.o
//#expect-error~: LTO|bitcode
int from_lto(void);
int main(void) { return from_lto(); }
