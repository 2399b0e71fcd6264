// The address of an exported IFUNC is its stub, which is not as large as the resolver.
//#kinds: no-pie
//#link: -Wl,-E
//#check: readelf --dyn-syms -W $OUT ~  0 FUNC +GLOBAL +DEFAULT +[0-9]+ chosen$
static int answer(void) { return 42; }
static volatile int never;
int (*resolve(void))(void) { return never ? 0 : answer; }
int chosen(void) __attribute__((ifunc("resolve")));
int (*volatile pointer)(void) = chosen;
int main(void) { return pointer() == 42 && pointer == chosen ? 0 : 1; }
