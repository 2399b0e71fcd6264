int used(void) { return 3; }
