const char *first(void) { return "one"; }
const char *second(void) { return "two"; }
__asm__(".symver first, name@ONE");
__asm__(".symver second, name@@TWO");
