const char *both(void) { return "shared"; }
const char *only_shared(void) { return "shared"; }
const char *call_both(void) { return both(); }
