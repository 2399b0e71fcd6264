// Undefined symbols that an option allows are zero in code, data and slots, and the program starts;
// what the loader finds counts.
//#kinds: static static-pie pie no-pie
//#each: ALLOWED = --unresolved-symbols=ignore-all --warn-unresolved-symbols -z,undefs
//#each: FOUND = nowhere preloaded
//#without: static+preloaded nobody looks for it
//#without: static-pie+preloaded nobody looks for it
//#compile: -fPIC
//#object: data.c
//#module: liblate.so = late.c
//#link: -Wl,$ALLOWED
//#expect-warning[--warn-unresolved-symbols]: late
//#env[preloaded]: LD_PRELOAD=./liblate.so
//#without: bfd makes a program that the loader refuses, or that does not look
//#without: lld the loader insists
//#without: mold nothing is left to the loader
//#stdout[nowhere]: 0 0 0
//#stdout[preloaded]: 1 1 5
#include <stdio.h>
int late(void);
extern int late_variable;
extern int *variable;
extern int (*function)(void);
int main(int argc, char **argv) {
  if (argc > 1) return late();
  int *volatile slot = &late_variable;
  printf("%d %d %d\n", variable && variable == slot, function != 0, slot ? *slot : 0);
}
