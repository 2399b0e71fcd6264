static int implementation(int n) { return n + 2; }
static void *resolve(void) { return implementation; }
int fast(int) __attribute__((ifunc("resolve")));
int (*library_pointer(void))(int) { return fast; }
