int maybe_function(void) { return 16; }
int maybe_variable = 5;
