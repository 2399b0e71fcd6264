static int values[] = {1, 2, 10};
int *const table[] = {&values[0], &values[1], &values[2]};
static __attribute__((noinline)) int helper(int n) { return n + 1; }
int call(int n) { return helper(n); }
int *table_entry(int n) { return table[n]; }
