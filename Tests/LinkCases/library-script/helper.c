#ifdef UNUSED
int unused(void) { return 1; }
#else
int helper(void) { return 2; }
#endif
