int which(void) { return 5; }
