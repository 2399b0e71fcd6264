int used_function(void) { return 4; }
