// An alignment beyond a page, of something in the middle of its segment, shows in p_align, which
// the loader chooses the base by. Address and file offset agree modulo p_align.
//#kinds: static static-pie pie no-pie shared
//#each: SEPARATION = separate-code noseparate-code
//#link: -Wl,-z,$SEPARATION
//#check: python3 $SRC/check.py $OUT
//#without: bfd+pie p_align is right, but offsets differ between versions
//#needs: python3
//#exit: 0
#include <stdint.h>
int first = 1;
__attribute__((aligned(0x10000))) int data = 2;
__attribute__((aligned(0x20000))) const int constant = 3;
__attribute__((aligned(0x40000))) int zero;
int main(void) {
  int *volatile a = &data, *volatile c = &zero;
  const int *volatile b = &constant;
  if ((uintptr_t)a % 0x10000 || (uintptr_t)b % 0x20000 || (uintptr_t)c % 0x40000) return 1;
  return *a != 2 || *b != 3 || *c != 0 || first != 1;
}
