int wanted(void);
int inner(void) { return wanted(); }
