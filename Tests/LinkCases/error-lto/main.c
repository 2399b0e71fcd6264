// Slim LTO objects without a plugin: refused with a reason; fat ones link.
//#each: KINDOF = slim fat
//#drivers: gcc
//#without: bfd uses the plugin
//#without: mold uses the plugin
//#unit: lto.c -flto -fno-fat-lto-objects -> slim.o
//#unit: lto.c -flto -ffat-lto-objects -> fat.o
//#link: $KINDOF.o
//#expect-error~[slim]: LTO|lto|undefined symbol: from_lto
//#check[fat]: nm $OUT ~ from_lto
//#exit: 6
int from_lto(void);
int main(void) { return from_lto(); }
