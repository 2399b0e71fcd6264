// -z pack-relative-relocs: relative relocations in .relr.dyn, the rest as before.
//#kinds: static-pie pie shared
//#each: MODE = pack-relative-relocs nopack-relative-relocs
//#without: lld writes it under --pack-dyn-relocs in this version
//#without: mold omits the version that glibc asks for
//#link: -Wl,-z,$MODE
//#check[pack-relative-relocs]: readelf -dW $OUT ~ \(RELR\)
//#check[nopack-relative-relocs]: readelf -dW $OUT !~ \(RELR\)
//#check[pack-relative-relocs]: readelf -SW $OUT ~ \.relr\.dyn +RELR
//#check[pack-relative-relocs]: sh -c '[ $KIND != pie ] || readelf -VW $OUT | grep -q GLIBC_ABI_DT_RELR'
//#exit: 0
int target, *a[100], *unaligned_neighbour;
#define ONE &target
#define TEN ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE
int *table[] = {TEN, TEN, TEN, TEN, TEN, TEN, TEN, 0, TEN, 0, 0, TEN};
struct __attribute__((packed)) { char c; int *p; } odd = {1, &target};
int main(void) {
  int count = 0;
  for (int i = 0; i < sizeof table / sizeof *table; i++) count += table[i] == &target;
  return count != 90 || odd.p != &target;
}
