#if defined(WEAK_new) || defined(WEAK_both)
__attribute__((weak))
#endif
int h_new(void) { return 2; }
__asm__(".symver h_new, h@@V1");
