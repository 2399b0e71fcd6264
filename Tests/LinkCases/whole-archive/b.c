extern int count; __attribute__((constructor)) void from_b(void) { count += 9; }
