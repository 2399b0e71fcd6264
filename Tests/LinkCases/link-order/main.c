// SHF_LINK_ORDER sections follow the order of the code they belong to, and die with it.
//#kinds: pie static
//#without: mold keeps the entries of dead code
//#object: code.S
//#link: -Wl,--gc-sections -Wl,-z,nostart-stop-gc
//#without: bfd keeps the entries of dead code
//#check: nm $OUT !~ dead_function
//#stdout: 2 1 3
#include <stdio.h>
extern void (*__start_ordered[])(void), (*__stop_ordered[])(void);
void one(void), two(void), three(void);
int main(void) {
  two(), three(), one();
  for (void (**p)(void) = __start_ordered; p < __stop_ordered; p++)
    printf("%d ", *p == one ? 1 : *p == two ? 2 : *p == three ? 3 : 9);
  puts("");
}
