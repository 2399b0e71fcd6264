int f_old(void) { return 1; }
__asm__(".symver f_old, f@V1");
#ifdef NOW_newer
int f_new(void) { return 2; }
__asm__(".symver f_new, f@@V2");
#endif
