// A word of data that holds a variable's distance from the thread pointer, in a shared library: of
// a local, a hidden and an exported variable. The loader fills it in, and the library says that it
// has to be there from the start.
//#kinds: pie no-pie
//#without: bfd fails an assertion
//#without: lld refuses it
//#without: mold refuses it
//#shared: liboffsets.so = offsets.S
//#check: readelf -dW liboffsets.so ~ STATIC_TLS
//#check: readelf -rW liboffsets.so | grep -c R_X86_64_TPOFF64 ~ ^4$
//#stdout: 11 22 33 22 44
#include <stdio.h>
extern long local_offset, local_next_offset, hidden_offset, exported_offset;
extern __thread long exported;
static long at(long offset) {
  char *pointer;
  __asm__("mov %%fs:0, %0" : "=r"(pointer));
  return *(long *)(pointer + offset);
}
int main(void) {
  printf("%ld %ld %ld ", at(local_offset), at(local_next_offset), at(exported_offset));
  printf("%ld %ld\n", exported == 33 ? 22 : 0, at(hidden_offset));
}
