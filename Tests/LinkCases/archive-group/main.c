// --start-group makes any linker search the archives until nothing changes.
//#unit: a.c
//#unit: b.c
//#unit: c.c
//#prepare: ar rcs liba.a a.o c.o; ar rcs libb.a b.o
//#link: -L. -Wl,--start-group -lb -la -Wl,--end-group
//#exit: 7
int a(void);
int main(void) { return a(); }
