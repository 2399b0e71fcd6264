int h_old(void) { return 1; }
__asm__(".symver h_old, h@V1");
