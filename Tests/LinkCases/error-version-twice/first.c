int h_new(void) { return 2; }
__asm__(".symver h_new, h@@V1");
#ifdef PLACE_one
int h_old(void) { return 1; }
__asm__(".symver h_old, h@V1");
#endif
