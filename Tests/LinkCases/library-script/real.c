int real(void) { return 10; }
