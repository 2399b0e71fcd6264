int unused(void) { return 4; }
