static int chosen(void) { return 4; }
static void *resolve(void) { return chosen; }
int function(void) __attribute__((ifunc("resolve")));
int (*table[])(void) = {function};
int (*address(void))(void) { return table[0]; }
