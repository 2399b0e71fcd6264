#ifdef DYNAMIC
int three(void) { return 30; }
#else
int three(void) { return 3; }
#endif
