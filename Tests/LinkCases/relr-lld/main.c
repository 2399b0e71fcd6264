// --pack-dyn-relocs=relr is the same by another name.
//#kinds: pie
//#without: mold omits the version that glibc asks for
//#without: bfd knows it by another name
//#link: -Wl,--pack-dyn-relocs=relr
//#check: readelf -SW $OUT ~ \.relr\.dyn +RELR
//#no-run[lld]: version 14 omits the version that glibc asks for
//#exit: 0
int target, *table[] = {&target, &target, 0, &target};
int main(void) { return table[3] != &target; }
