// Unwind entries of dead functions go; those left are sorted in .eh_frame_hdr.
//#kinds: pie static
//#compile: -ffunction-sections -O0
//#link: -Wl,--gc-sections
//#check: readelf --debug-dump=frames $OUT >frames
//#check: sh -c 'test $(nm $OUT | grep -c "dead_") = 0'
//#check: sh -c 'for a in $(nm $OUT | grep " [tT] main$" | cut -d" " -f1); do grep -q "pc=$a" frames; done'
//#check: sh -c 'readelf --debug-dump=frames $OUT | grep -c "FDE.*pc=0000000000000000"' ~ ^0$
//#exit: 4
extern "C" __attribute__((visibility("hidden"))) int dead_one() { throw 1; }
extern "C" __attribute__((visibility("hidden"))) int dead_two() { throw 2; }
__attribute__((noinline)) static void live() { throw 4; }
int main() {
  try {
    live();
  } catch (int n) {
    return n;
  }
}
