// Response files: quotes, escapes, nesting, and one on the linker's own command line.
//#object: other.c
//#prepare: printf '%s\n' '--defsym' '"first"=0x11' "'--defsym=second=0x22' @inner.rsp" > outer.rsp
//#prepare: printf '%s' '--defsym third=0x3\3' > inner.rsp
//#link: -Wl,@outer.rsp
//#without: bfd makes the load of an absolute address a relative one
//#without: mold takes quotes literally
//#stdout: 11 22 33
#include <stdio.h>
extern char first[], second[], third[];
long address(int);
int main(void) { printf("%lx %lx %lx\n", address(0), address(1), address(2)); }
