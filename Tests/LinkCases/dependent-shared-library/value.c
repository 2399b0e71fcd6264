int value(void) { return 5; }
