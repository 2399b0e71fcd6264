int f_old(void) { return 1; }
int f_new(void) { return 2; }
int g_old(void) { return 3; }
__asm__(".symver f_old, f@V1");
__asm__(".symver f_new, f@@V2");
__asm__(".symver g_old, g@V1");
