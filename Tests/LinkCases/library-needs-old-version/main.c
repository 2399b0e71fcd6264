// A library was built against an older release of another one, which still has the version, but not
// as the default one, or not as anybody's default.
//#kinds: pie no-pie
//#each: NOW = newer none
//#module: liboldf.so = old.c | -Wl,-soname,libf.so -Wl,--version-script=$SRC/old
//#module: libuser.so = user.c | liboldf.so
//#module: libf.so = now.c -DNOW_$NOW | -Wl,--version-script=$SRC/now
//#link: libuser.so libf.so
//#exit: 1
int use(void);
int main(void) { return use(); }
