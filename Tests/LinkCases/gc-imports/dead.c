int dead_function(void) { return 5; }
