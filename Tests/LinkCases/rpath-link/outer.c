int inner(void), other_inner(void);
int outer(void) { return inner() + other_inner(); }
