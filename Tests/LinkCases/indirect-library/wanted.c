#ifdef HIDDEN
__attribute__((visibility("hidden")))
#endif
int wanted(void) { return 5; }
