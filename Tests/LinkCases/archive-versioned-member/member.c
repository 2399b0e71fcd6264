int f_new(void) { return 6; }
__asm__(".symver f_new, f@@V1");
