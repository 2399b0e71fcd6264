int in_library(void) { return 3; }
