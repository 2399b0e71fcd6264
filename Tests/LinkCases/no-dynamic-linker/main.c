// --dynamic-linker and --no-dynamic-linker; -nopie spellings of the drivers.
//#drivers: gcc
//#each: MODE = other none
//#no-run: the loader does not exist
//#link[other]: -Wl,--dynamic-linker=/nowhere/ld.so
//#link[none]: -Wl,--no-dynamic-linker
//#check[other]: readelf -lW $OUT ~ interpreter: /nowhere/ld.so
//#check[none]: readelf -lW $OUT !~ INTERP
int main(void) { return 0; }
