// A function chosen when the program starts: called, and its address taken.
#include <stdio.h>

static int one(void) { return 1; }
static volatile int never;
static void *choose(void) { return never ? 0 : (void *)one; }
int chosen(void) __attribute__((ifunc("choose")));
static int local_chosen(void) __attribute__((ifunc("choose")));
int (*pointer)(void) = chosen;

int main(void) {
  printf("%d %d %d\n", chosen(), pointer(), pointer == chosen ? local_chosen() : 0);
  return 0;
}
