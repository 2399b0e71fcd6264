// Under --as-needed a library that only another library has a use for is named in the output, if that
// other one does not name it itself.
//#kinds: pie no-pie
//#each: NAMED = yes no
//#module: libinner.so = inner.c
//#module: libouteryes.so = outer.c | libinner.so
//#module: libouterno.so = outer.c | -Wl,--allow-shlib-undefined
//#link: -Wl,--as-needed libouter$NAMED.so libinner.so
//#check[yes]: readelf -dW $OUT !~ NEEDED.*libinner
//#check[no]: readelf -dW $OUT ~ NEEDED.*libinner
//#without: lld+no lld leaves it out, and the program does not start
//#without: mold+no mold leaves it out, and the program does not start
//#exit: 3
int outer(void);
int main(void) { return outer(); }
