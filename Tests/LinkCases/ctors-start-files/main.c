// A compiler's own first and last file hold no functions in .ctors and .dtors, but the marks around
// a list of them, which they walk themselves: these stay apart, in their order, and what else is in
// .ctors goes to .init_array.
//#kinds: static pie
//#without: mold keeps .ctors apart
//#without: lld leaves .ctors to a runtime that no longer looks at it
//#each: SUFFIX = none S
//#object[none]: begin.S -> crtbegin.o
//#object[none]: end.S -> crtend.o
//#object[S]: begin.S -> crtbeginS.o
//#object[S]: end.S -> crtendS.o
//#object: old.S
//#stdout: old
//#stdout: marks 1 1 1 1
#include <stdio.h>
extern long first_constructor[], last_constructor[], first_destructor[], last_destructor[];
void old(void) { puts("old"); }
int main(void) {
  printf("marks %d %d %d %d\n", first_constructor[0] == -1,
         last_constructor == first_constructor + 1 && !last_constructor[0],
         first_destructor[0] == -1, last_destructor == first_destructor + 1 && !last_destructor[0]);
}
