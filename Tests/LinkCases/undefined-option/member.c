extern int value; int wanted(void) { return 1; } __attribute__((constructor)) static void set(void) { value = 4; }
