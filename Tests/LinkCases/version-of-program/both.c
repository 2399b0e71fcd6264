int f_one(void) { return 1; }
int f_two(void) { return 2; }
__asm__(".symver f_one, f@V1");
__asm__(".symver f_two, f@V2");
