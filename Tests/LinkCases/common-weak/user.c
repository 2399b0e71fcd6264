extern int value;
int get(void) { return value; }
