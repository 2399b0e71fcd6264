// --no-rosegment: what is only read is in the segment of code.
//#kinds: static static-pie pie no-pie shared
//#each: separation = separate-code noseparate-code
//#without: bfd has no such option
//#without: mold shares no segment
//#link: -Wl,--no-rosegment -Wl,-z,$separation
//#check[!lld]: readelf -lW $OUT | grep -c 'LOAD.* R E ' ~ ^1$
//#check: readelf -lW $OUT !~ LOAD.* R +0x
//#stdout: constants 3 5
int printf(const char *, ...);
const int constants[] = {3, 5};
int main(void) {
  printf("constants %d %d\n", constants[0], constants[1]);
  return 0;
}
