int f(void) { return 5; }
__asm__(".symver f, f@@V2");
