int variable[16];
int member(void) { return variable[0]; }
