int other;
int never(void) { return 1; }
