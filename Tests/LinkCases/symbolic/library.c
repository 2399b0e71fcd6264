int function(void) { return 1; }
int variable = 2;
int call_function(void) { return function(); }
int read_variable(void) { return variable; }
