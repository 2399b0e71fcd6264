// The large model in position-independent code: GOTPC64, GOTOFF64, GOT64, PLTOFF64.
//#kinds: static-pie pie shared
//#compile: -mcmodel=large -fPIC -O2
//#object: other.c
//#without: bfd+static-pie large-model references to IFUNCs are refused
//#exit: 42
#include <stdlib.h>
#include <string.h>
extern int values[];
static int mine[4];
int add(int, int);
int main(void) {
  char *copy = strdup("text");
  mine[values[0]] = strlen(copy) + 16;
  free(copy);
  return add(mine[1], values[3]);
}
