int from_live(void) { return 6; }
