// IFUNCs of the program itself: called, compared as pointers in data and code, global and local.
//#kinds: static static-pie pie no-pie shared
//#without: mold the addresses of an IFUNC differ between code and data
//#object: other.c
//#without: bfd+pie the addresses of an IFUNC differ between code and data
//#without: bfd+static-pie likewise
//#without: bfd+shared likewise
//#stdout: 42 43 equal
#include <stdio.h>
static int chosen(void) { return 42; }
static int chosen_local(void) { return 43; }
// Compilers take a resolver apart that has only one answer.
static volatile int never;
static int (*resolve(void))(void) { return never ? 0 : chosen; }
static int (*resolve_local(void))(void) { return never ? 0 : chosen_local; }
int global(void) __attribute__((ifunc("resolve")));
static int local(void) __attribute__((ifunc("resolve_local"), used));
int (*pointer)(void) = global;
static int (*volatile local_pointer)(void) = local;
extern int (*other_pointer)(void);
int call_other(void);
int (*other_address(void))(void);

int main(void) {
  if (global() != 42 || local() != 43 || call_other() != 42) return 1;
  int equal = pointer == other_pointer && pointer == other_address() && pointer == global
              && local_pointer == local;
  printf("%d %d %s\n", pointer(), local_pointer(), equal ? "equal" : "different");
}
