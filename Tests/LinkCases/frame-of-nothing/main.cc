// A function without code lies where the next one begins, and each has a frame description: the
// unwinder has to find that of the function which is there.
//#kinds: static static-pie pie no-pie shared
//#compile: -fno-toplevel-reorder -fno-align-functions
//#drivers: gcc
//#without: lld lists the description of the empty function
//#check[!bfd]: readelf --debug-dump=frames $OUT ~ pc=([0-9a-f]+)\.\.\1
//#stdout: caught 4
#include <cstdio>
void nothing() { __builtin_unreachable(); }
__attribute__((noinline)) void raise() { throw 4; }
extern "C" int main() {
  try {
    raise();
  } catch (int n) {
    printf("caught %d\n", n);
  }
}
