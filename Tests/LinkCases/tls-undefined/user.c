extern __thread int variable;
int get(void) { return variable; }
