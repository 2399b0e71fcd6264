// --gc-sections: dead code, data and their unwind tables go; what exceptions need stays.
//#kinds: static static-pie pie no-pie shared
//#compile: -ffunction-sections -fdata-sections
//#object: parts.cc
//#link: -Wl,--gc-sections
//#check: nm -C $OUT !~ dead_
//#check: nm -C $OUT ~ live_function
//#check[!bfd]: strings $OUT !~ a string only dead code uses
//#check: strings $OUT ~ a string live code uses
//#check: readelf --debug-dump=frames $OUT >/dev/null
//#check[shared]: nm -D $OUT ~ exported_keeps_alive
//#stdout: 1 caught 5 constructed
#include <cstdio>
extern "C" int live_function(const char **text);
void raise(int);
static int caught;
static int constructed;
__attribute__((constructor)) static void construct() { constructed = 1; }
extern "C" __attribute__((noinline, visibility("hidden"))) int dead_caller() {
  try {
    raise(1);
  } catch (char) {
    return 1;
  }
  return 0;
}
extern "C" int main() {
  const char *text;
  int live = live_function(&text);
  try {
    raise(5);
  } catch (int n) {
    caught = n;
  }
  printf("%d caught %d %s\n", live, caught, constructed ? "constructed" : "");
}
