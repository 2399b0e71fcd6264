// Objects between --start-lib and --end-lib behave like archive members.
//#unit: a.c
//#unit: b.c
//#inputs: main.o -Wl,--start-lib a.o b.o -Wl,--end-lib
//#without: bfd has no --start-lib before 2.41
//#check: nm $OUT ~ [Tt] a$
//#check: nm $OUT !~ [Tt] b$
//#exit: 5
int a(void);
int main(void) { return a(); }
