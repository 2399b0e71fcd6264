int nowhere(void);
int inner(void) { return nowhere(); }
