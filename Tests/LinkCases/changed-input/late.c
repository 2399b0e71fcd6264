int late(void) { return 4; }
