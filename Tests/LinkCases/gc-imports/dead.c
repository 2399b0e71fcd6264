int from_dead(void) { return 7; }
