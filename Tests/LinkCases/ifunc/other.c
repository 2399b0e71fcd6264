int global(void);
int (*other_pointer)(void) = global;
int call_other(void) { return global(); }
int (*other_address(void))(void) { return global; }
