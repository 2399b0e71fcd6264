// --no-apply-dynamic-relocs: places of relative relocations are zero in the file; the loader fills
// them from the relocation. RELR has its values in the place, whatever is asked for.
//#kinds: static-pie pie shared
//#each: packing = rela relr
//#each: apply = yes no
//#without: bfd has no such option
//#without: lld has the opposite default
//#without: mold has no such option
//#link[no]: -Wl,--no-apply-dynamic-relocs
//#link[relr]: -Wl,--pack-dyn-relocs=relr
//#check: objcopy -O binary --only-section=marked $OUT marked.bin && od -An -tx8 marked.bin | tr -d ' \n' > word; grep -q '^0*$' word && echo zero > state || echo value > state
//#check[!no]: cat state ~ value
//#check[no+rela]: cat state ~ zero
//#check[relr]: cat state ~ value
//#stdout: 1 2 3
int printf(const char *, ...);
static int numbers[3] = {1, 2, 3};
int *const pointers[3] = {&numbers[0], &numbers[1], &numbers[2]};
__attribute__((section("marked"))) int *variable = &numbers[2];
int main(void) {
  printf("%d %d %d\n", *pointers[0], *pointers[1], *variable);
  return 0;
}
