// --exclude-libs hides what archives bring in.
//#kinds: shared
//#each: MODE = ALL liba.a liba libother.a:libb.a
//#unit: a.c
//#unit: b.c
//#prepare: ar rcs liba.a a.o; ar rcs libb.a b.o
//#without: lld+liba wants the whole name
//#without: mold+liba wants the whole name
//#link: -L. -la -lb -Wl,--exclude-libs,$MODE
//#check[ALL,liba.a,liba]: nm -D $OUT !~ in_a
//#check[ALL,libother.a:libb.a]: nm -D $OUT !~ in_b
//#check[liba.a,liba]: nm -D $OUT ~ in_b
//#check[libother.a:libb.a]: nm -D $OUT ~ in_a
//#exit: 3
int in_a(void), in_b(void);
int main(void) { return in_a() + in_b(); }
