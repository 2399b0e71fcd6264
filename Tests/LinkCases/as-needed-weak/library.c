int f(void) { return 1; }
int v = 2;
