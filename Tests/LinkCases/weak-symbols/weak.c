#ifdef THIRD
__attribute__((weak)) const char *early(void) { return "third"; }
#endif
__attribute__((weak)) const char *late(void) { return "weak"; }
