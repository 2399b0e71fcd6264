int g(void);
int use(void) { return g(); }
