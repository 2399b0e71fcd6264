int api(void) { return 4; }
__asm__(".symver api, api@V1, hidden");
