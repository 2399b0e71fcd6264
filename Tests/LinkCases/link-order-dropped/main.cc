// SHF_LINK_ORDER: what is linked to a member of a group that was dropped is dropped along, over
// several links, too. gcc's list of places for patches is linked to its unit's first function, and
// may be all in one, or in the group.
//#kinds: static static-pie pie no-pie shared
//#each: collects = all collected
//#compile: -fpatchable-function-entry=2
//#object: other.cc
//#prepare: gcc -c $SRC/chain.S -o one.o && cp one.o two.o
//#link: one.o two.o
//#link[collected]: -Wl,--gc-sections
//#without: lld refuses what is linked to a dropped section
//#without: mold keeps what is linked to a dropped function
//#check: readelf -SW $OUT ~ first +PROGBITS +[0-9a-f]+ [0-9a-f]+ 000008
//#check: readelf -SW $OUT ~ second +PROGBITS +[0-9a-f]+ [0-9a-f]+ 000008
//#check: readelf -SW $OUT ~ third +PROGBITS +[0-9a-f]+ [0-9a-f]+ 000008
//#check[all]: readelf -SW $OUT ~ ring_a +PROGBITS +[0-9a-f]+ [0-9a-f]+ 000010
//#check[collected]: readelf -SW $OUT !~ ring_
//#check: readelf -SW $OUT ~ \.about +PROGBITS +[0-9a-f]+ [0-9a-f]+ 000008
//#exit: 0
#include "inline.h"
extern const unsigned char *const __start___patchable_function_entries[];
extern const unsigned char *const __stop___patchable_function_entries[];
int other(int);
extern "C" int grouped();
int main() {
  // Every function once, each at its padding.
  int found = 0;
  for (auto p = __start___patchable_function_entries; p < __stop___patchable_function_entries; p++) {
    if (**p != 0x90 && **p != 0x66) return 1;
    for (auto q = p + 1; q < __stop___patchable_function_entries; q++)
      if (*p == *q) return 2;
    found++;
  }
  return other(20) + twice(20) == 80 && found >= 2 ? grouped() : 3;
}
