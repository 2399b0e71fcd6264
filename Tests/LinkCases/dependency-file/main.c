// --dependency-file lists every input in make's syntax.
//#drivers: gcc
//#unit: one.c
//#prepare: ar rcs libone.a one.o
//#link: -L. -lone -Wl,--dependency-file=deps.mk
//#check: cat deps.mk ~ out: *
//#check: cat deps.mk ~ main.o
//#check: cat deps.mk ~ libone.a
//#exit: 1
int one(void);
int main(void) { return one(); }
