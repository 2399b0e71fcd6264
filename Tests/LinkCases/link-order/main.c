// SHF_LINK_ORDER sections follow the order of the code they belong to, and die with it.
//#drivers: gcc
//#kinds: pie static
//#compile: -ffunction-sections -fpatchable-function-entry=2
//#object: other.c
//#link: -Wl,--gc-sections -Wl,-z,nostart-stop-gc
//#check: nm $OUT !~ dead_function
//#stdout: ordered, 3 entries
#include <stdio.h>
extern char *__start___patchable_function_entries[], *__stop___patchable_function_entries[];
int other(void);
int dead_function(void) { return 1; }
int main(void) {
  char **p = __start___patchable_function_entries, **end = __stop___patchable_function_entries;
  int count = end - p, ordered = 1;
  for (int i = 1; i < count; i++) ordered &= p[i - 1] < p[i];
  other();
  printf("%s, %d entries\n", ordered ? "ordered" : "out of order", count);
}
