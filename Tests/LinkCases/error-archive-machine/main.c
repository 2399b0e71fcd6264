// Libraries for another machine are passed over while there are more places to look.
//#unit: one.c
//#prepare: mkdir -p wrong right; printf '.globl one\none: ret\n' > other.s; as --32 other.s -o other.o
//#prepare: ar rcs wrong/libx.a other.o; ar rcs right/libx.a one.o
//#link: -Lwrong -Lright -lx
//#without: lld takes the first
//#expect-warning[bfd]: skipping
//#expect-warning[weld]: wrong/libx.a
//#exit: 5
int one(void);
int main(void) { return one(); }
