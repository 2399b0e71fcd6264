static __attribute__((noinline)) int helper(void) { return *(volatile int *)"abcd"; }
int other(void) { return helper() + 1; }
