// Data of a library accessed directly by a program: copied, aliases included, once for all.
//#kinds: pie no-pie
//#without: clang+pie goes through the table in position-independent code
//#shared: libdata.so = data.c
//#check: readelf -rW $OUT ~ R_X86_64_COPY.* (value|alias_of_value)
//#check: readelf -rW $OUT ~ R_X86_64_COPY.* constant
//#check[weld]: readelf -lW $OUT ~ GNU_RELRO
//#stdout: 7 7 7 5 100
#include <stdio.h>
extern int value, alias_of_value;
static int *volatile addresses[] = {&value, &alias_of_value};
extern const int constant;
extern char big[100];
int read_value(void);
int main(void) {
  value += 2;
  if (addresses[0] != addresses[1]) return 1;
  printf("%d %d %d %d %zu\n", value, alias_of_value, read_value(), constant, sizeof big);
  big[99] = 1;
  return 0;
}
