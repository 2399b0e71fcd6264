// A library needs what the program defines and keeps to itself.
//#kinds: pie no-pie
//#each: HOW = hidden script excluded
//#module: libuser.so = user.c
//#unit: callback.c -DHOW_$HOW
//#prepare: rm -f libcallback.a; ar rcs libcallback.a callback.o
//#link[hidden]: callback.o libuser.so
//#link[script]: callback.o libuser.so -Wl,--version-script=$SRC/local
//#link[excluded]: libcallback.a libuser.so -Wl,--exclude-libs,ALL
//#expect-error: callback
//#expect-error: libuser.so
//#without: mold mold does not check
int use(void), callback(void);
int main(void) { return use() + callback(); }
