// LLVM bitcode without a plugin is refused with a reason.
//#drivers: clang
//#without: lld reads it
//#without: bfd tries the plugin
//#without: mold tries the plugin
//#unit: lto.c -flto
//#link: lto.o
//#expect-error: lto.o
//#expect-error~: LTO|bitcode
int from_lto(void);
int main(void) { return from_lto(); }
