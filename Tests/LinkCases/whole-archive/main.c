// --whole-archive takes every member, --no-whole-archive ends it; constructors of unused members run.
//#kinds: static pie shared
//#unit: a.c
//#unit: b.c
//#prepare: ar rcs libx.a a.o; ar rcs liby.a b.o
//#link: -L. -Wl,--whole-archive -lx -Wl,--no-whole-archive -ly
//#check: nm $OUT ~ from_a
//#check: nm $OUT !~ from_b
//#exit: 5
int count;
int main(void) { return count; }
