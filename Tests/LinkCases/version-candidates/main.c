// A reference to a version is met by the library that has it, whatever those before it call by the
// same name: without a version, in another one, or as an old one.
//#kinds: pie no-pie shared
//#each: VERSION = V1 V2
//#each: FIRST = plain other
//#module: libplain.so = one.c
//#module: libother.so = one.c | -Wl,--version-script=$SRC/other
//#module: libboth.so = both.c | -Wl,--version-script=$SRC/both
//#module: libuserV1.so = user.c -DVERSION=V1 | libboth.so
//#module: libuserV2.so = user.c -DVERSION=V2 | libboth.so
//#compile: -DVERSION=$VERSION
//#link: -Wl,--as-needed lib$FIRST.so libuser$VERSION.so libboth.so
//#exit[V1]: 11
//#exit[V2]: 22
int wanted(void), use(void);
#define text(x) #x
#define symver(v) __asm__(".symver wanted, f@" text(v))
symver(VERSION);
int main(void) { return wanted() + use(); }
