long variable __attribute__((visibility("hidden"))) = 9; __attribute__((visibility("hidden"))) long target(void) { return 77; }
