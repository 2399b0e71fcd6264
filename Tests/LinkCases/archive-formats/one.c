int two(void);
int one(void) { return 1 + two(); }
