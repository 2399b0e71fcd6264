// An alias of an indirect function is an indirect function: calls go to what the resolver returns.
//#kinds: static static-pie pie no-pie
//#without: lld calls the resolver itself
//#link: -Wl,--defsym=alias=function
//#exit: 8
static int chosen(void) { return 4; }
static void *resolve(void) { return chosen; }
int function(void) __attribute__((ifunc("resolve")));
int alias(void);
int (*volatile pointer)(void) = alias;
int main(void) { return alias() + pointer(); }
