int in_a(void) { return 1; }
