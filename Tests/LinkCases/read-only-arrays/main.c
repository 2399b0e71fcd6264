// What the loader writes is in a writable section of the output, whatever single inputs say.
//#kinds: static static-pie pie no-pie shared
//#each: RELATIVE = plain relr
//#object: read-only.S
//#object: writable.S
//#link[relr]: -Wl,--pack-dyn-relocs=relr
//#without: bfd+relr the option has another name
//#without: lld single inputs count, and .ctors is left alone
//#without: mold .ctors is left alone
//#check[static-pie,pie,no-pie,shared]: readelf -dW $OUT !~ TEXTREL
//#stdout: 11
//#stdout: last
#include <stdio.h>
static int sum;
static int isLast;
void first(void) { sum += 1; }
void constructor(void) { sum += 10; }
void destructor(void) { isLast = 1; }
void last(void) { puts(isLast ? "last" : "not last"); }
extern void *read_only[2], *writable[2];
int main(void) {
  printf("%d\n", sum);
  if (read_only[0] != (void *)first || !read_only[1]) return 1;
  return writable[0] != (void *)last || writable[1] != (void *)first;
}
