// --gc-sections: what only dead code refers to is not imported, nor its library needed for that.
//#kinds: pie no-pie shared
//#compile: -ffunction-sections
//#module: liblive.so = live.c
//#module: libdead.so = dead.c
//#link: -Wl,--gc-sections -L. -Wl,--as-needed -llive -ldead
//#check: readelf -dW $OUT ~ NEEDED.*liblive
//#check[!bfd,!gold,!mold]: readelf -dW $OUT !~ NEEDED.*libdead
//#check: nm -D $OUT ~ U from_live
//#check[!gold,!mold]: nm -D $OUT !~ from_dead
//#check[!bfd,!gold,!mold]: nm $OUT !~ from_dead
//#exit: 6
int from_live(void);
int from_dead(void);
__attribute__((visibility("hidden"))) int dead(void) { return from_dead(); }
int main(void) { return from_live(); }
