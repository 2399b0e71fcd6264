extern int variable;
int *const table[] = {&variable, &variable};
