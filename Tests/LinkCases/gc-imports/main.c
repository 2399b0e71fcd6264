// What only collected code refers to is not imported: neither the symbol, nor its version, nor with
// --as-needed its library.
//#kinds: pie no-pie shared
//#compile: -ffunction-sections
//#shared: libused.so = used.c
//#shared: libdead.so = dead.c | -Wl,--version-script=$SRC/dead.map
//#inputs: main.o -Wl,--gc-sections -Wl,--as-needed libdead.so libused.so
//#check: readelf -dW $OUT ~ NEEDED.*libused.so
//#check: readelf -dW $OUT !~ libdead.so
//#without: bfd needs the library all the same
//#check: readelf --dyn-syms -W $OUT !~ dead
//#check: readelf -VW $OUT !~ DEAD_1
//#exit: 4
int dead_function(void), used_function(void);
__attribute__((weak)) int missing(void);
__attribute__((visibility("hidden"))) int never(void) { return dead_function() + missing(); }
int main(void) { return used_function(); }
