// A weak reference does not extract an archive member; a shared definition does not replace a weak
// one of the program, but satisfies a weak reference.
//#kinds: pie no-pie
//#unit: member.c
//#prepare: ar rcs libm1.a member.o
//#module: libs.so = shared.c -O0
//#link: -L. -lm1 -ls
//#check: nm $OUT !~ T in_archive
//#stdout: 0 mine shared
#include <stdio.h>
int in_archive(void) __attribute__((weak));
__attribute__((weak)) const char *both(void) { return "mine"; }
const char *only_shared(void) __attribute__((weak));
const char *call_both(void);
int main(void) {
  printf("%d %s %s\n", in_archive != 0, call_both(), only_shared ? only_shared() : "null");
}
