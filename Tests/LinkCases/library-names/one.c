#ifdef TWO
int one(void) { return 2; }
#else
int one(void) { return 1; }
#endif
