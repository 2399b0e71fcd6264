// -l:file, libraries preferred by -Bstatic/-Bdynamic, the first -L that has it.
//#unit: one.c -fPIE -> one.o
//#unit: one.c -fPIE -DTWO -> two.o
//#unit: three.c
//#prepare: mkdir -p first second; ar rcs first/odd-name one.o; ar rcs second/odd-name two.o
//#module: libthree.so = three.c -DDYNAMIC
//#prepare: ar rcs libthree.a three.o
//#each: MODE = static dynamic
//#link: -Lfirst -Lsecond -L. -l:odd-name
//#link[static]: -Wl,-Bstatic -lthree -Wl,-Bdynamic
//#link[dynamic]: -Wl,-Bdynamic -lthree
//#stdout[static]: 1 3
//#stdout[dynamic]: 1 30
#include <stdio.h>
int one(void), three(void);
int main(void) { printf("%d %d\n", one(), three()); }
