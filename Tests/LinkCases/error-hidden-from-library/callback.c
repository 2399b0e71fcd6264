#ifdef HOW_hidden
__attribute__((visibility("hidden")))
#endif
int callback(void) { return 1; }
