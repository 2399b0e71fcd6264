// A library without a default version: only a reference that names the version binds to it.
//#module: libversioned.so = library.c | -Wl,--version-script=$SRC/x.map
//#link: -L. -lversioned
//#stdout: one two
#include <stdio.h>
const char *one(void), *two(void);
__asm__(".symver one, name@ONE");
__asm__(".symver two, name@TWO");
int main(void) { printf("%s %s\n", one(), two()); }
