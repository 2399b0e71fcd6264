#if defined(WEAK_old) || defined(WEAK_both)
__attribute__((weak))
#endif
int h_old(void) { return 1; }
__asm__(".symver h_old, h@V1");
