// A program defines a version of a name: a library that asks for this version finds it, one that asks
// for another does not.
//#kinds: pie no-pie
//#each: ASKED = V1 V2
//#each: FORM = default old
//#module: libboth.so = both.c | -Wl,--version-script=$SRC/both
//#module: libuserV1.so = user.c -DVERSION=V1 | libboth.so
//#module: libuserV2.so = user.c -DVERSION=V2 | libboth.so
//#compile: -DFORM_$FORM
//#each: script = none anonymous
//#prepare: echo '{ global: main; own; f; local: nothing*; };' > script
//#link[anonymous]: -Wl,--version-script=script
//#link: libuser$ASKED.so libboth.so
//#exit[V1]: 7
//#exit[V2]: 2
//#without: mold mold exports it to all
int own(void) { return 7; }
#ifdef FORM_old
__asm__(".symver own, f@V1");
#else
__asm__(".symver own, f@@V1");
#endif
int use(void);
int main(void) { return use(); }
