int c(void) { return 4; }
