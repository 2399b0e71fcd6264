// A library asks for a version that is not in the library which had it: the loader would not start
// the program, whether or not the program defines the name itself.
//#kinds: pie no-pie
//#each: WHO = nobody program
//#module: liboldg.so = library.c | -Wl,-soname,libg.so -Wl,--version-script=$SRC/old
//#module: libuser.so = user.c | liboldg.so
//#module: libg.so = library.c | -Wl,-soname,libg.so -Wl,--version-script=$SRC/new
//#link: libuser.so libg.so
//#compile: -DWHO_$WHO
//#expect-error: g@OLD
//#expect-error: libuser.so
//#without: mold mold does not check
int use(void);
#ifdef WHO_program
int g(void) { return 3; }
#endif
int main(void) { return use(); }
