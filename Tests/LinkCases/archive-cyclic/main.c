// Two archives that need each other, each named once: archive members stay available.
//#unit: a.c
//#unit: b.c
//#prepare: ar rcs liba.a a.o; ar rcs libb.a b.o
//#link: -L. -la -lb
//#link[bfd,gold]: -la
//#exit: 6
int a(int);
int main(void) { return a(3); }
