const char *early(void) { return "strong"; }
const char *late(void) { return "strong"; }
