int from_lto(void) { return 6; }
