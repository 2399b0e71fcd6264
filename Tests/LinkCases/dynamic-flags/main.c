// -z words that set flags for the loader.
//#kinds: shared
//#drivers: gcc
//#link: -Wl,-z,nodelete -Wl,-z,initfirst -Wl,-z,interpose -Wl,-z,global
//#without: mold does not set GLOBAL
//#check: readelf -dW $OUT ~ FLAGS_1.*NODELETE
//#check: readelf -dW $OUT ~ FLAGS_1.*INITFIRST
//#check: readelf -dW $OUT ~ FLAGS_1.*INTERPOSE
//#check: readelf -dW $OUT ~ FLAGS_1.*GLOBAL
int main(void) { return 0; }
