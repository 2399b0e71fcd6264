// A common symbol that a library's variable meets is as large as the larger of them: the library
// uses it in place of its own.
//#kinds: pie no-pie
//#each: SIDE = program library
//#compile: -fcommon -DSIDE_$SIDE
//#module: libv.so = library.c -DSIDE_$SIDE
//#object: after.c -fcommon
//#link: libv.so
//#check: readelf --dyn-syms -W $OUT ~ 400 OBJECT .* v$
//#without: bfd GNU ld takes the library's, however small
//#without: mold mold takes the library's, however small
//#exit: 0
#ifdef SIDE_library
int v[1];
#else
int v[100];
#endif
extern int after[1];
int fill(void);
int main(void) { return fill() != 100 || after[0] != 0; }
