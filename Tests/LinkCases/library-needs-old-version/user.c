int f(void);
int use(void) { return f(); }
