extern int some_variable;
int *address(void) { return &some_variable; }
