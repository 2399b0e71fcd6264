// Weak definitions yield to strong ones in any order; undefined weak ones are null, in code and data.
//#kinds: static static-pie pie no-pie shared
//#object: weak.c
//#object: strong.c
//#object: weak.c -DTHIRD -> third.o
//#stdout: strong strong 0 0 0
#include <stdio.h>
__attribute__((weak)) const char *early(void) { return "weak"; }
const char *late(void);
extern int missing_data __attribute__((weak));
int missing_function(void) __attribute__((weak));
int missing_hidden(void) __attribute__((weak, visibility("hidden")));
int *const data_pointer = &missing_data;
int main(void) {
  if (missing_function) return missing_function();
  if (missing_hidden) return missing_hidden();
  printf("%s %s %d %d %d\n", early(), late(), data_pointer != 0, &missing_data != 0,
         missing_hidden != 0);
}
