// A weak reference does not load a library under --as-needed: without one it finds nothing, whatever
// the code needs to reach it.
//#kinds: pie no-pie shared
//#each: WHAT = function variable
//#each: CODE = own fpic
//#compile: -DWHAT_$WHAT
//#compile[fpic]: -fPIC
//#each: GC = keep collect
//#module: libx.so = library.c
//#link: -Wl,--as-needed libx.so
//#link[collect]: -Wl,--gc-sections
//#check: readelf -dW $OUT !~ libx
//#check: readelf -rW $OUT !~ COPY
//#exit: 7
//#without: mold mold leaves a copy
__attribute__((weak)) int f(void);
__attribute__((weak)) extern int v;
int main(void) {
#ifdef WHAT_function
  return f ? f() : 7;
#else
  return &v ? v : 7;
#endif
}
