__thread int a, b = 10;
static __thread int hidden;
int get(void) { return ++hidden + a - 1; }
