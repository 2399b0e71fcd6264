// -Bsymbolic marks libraries only: an executable's own definitions come first anyway.
//#kinds: pie no-pie shared
//#without: lld+pie marks executables, too
//#without: lld+no-pie likewise
//#without: mold+shared sets the flag alone
//#link: -Wl,-Bsymbolic
//#check[!shared]: readelf -dW $OUT !~ SYMBOLIC
//#check[shared]: readelf -dW $OUT ~ \(SYMBOLIC\)
int main(void) { return 0; }
