extern int count; __attribute__((constructor)) void from_a(void) { count += 5; }
