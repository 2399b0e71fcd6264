static int implementation(int n) { return n + 2; }
// Compilers take a resolver apart that has only one answer.
static volatile int never;
static void *resolve(void) { return never ? 0 : implementation; }
int fast(int) __attribute__((ifunc("resolve")));
int (*library_pointer(void))(int) { return fast; }
