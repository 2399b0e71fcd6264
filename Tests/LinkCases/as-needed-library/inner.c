int inner(void) { return 3; }
