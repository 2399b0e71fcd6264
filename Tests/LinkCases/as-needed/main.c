// --as-needed drops libraries nothing refers to, and --push-state/--pop-state restore the mode.
//#kinds: pie no-pie shared
//#module: libused.so = used.c
//#module: libunused.so = unused.c | -Wl,-soname,libunused.so
//#module: libforced.so = unused.c | -Wl,-soname,libforced.so
//#module: libafter.so = unused.c | -Wl,-soname,libafter.so
//#link: -L. -Wl,--push-state,--as-needed -lused -lunused -Wl,--no-as-needed -lforced
//#link: -Wl,--pop-state -Wl,--no-as-needed -lafter -Wl,--as-needed
//#check: readelf -dW $OUT ~ NEEDED.*libused
//#check: readelf -dW $OUT !~ NEEDED.*libunused
//#check: readelf -dW $OUT ~ NEEDED.*libforced
//#check: readelf -dW $OUT ~ NEEDED.*libafter
//#exit: 3
int used(void);
int main(void) { return used(); }
