// More than is read at once.
int table[1 << 14] = {1, 2, 3};
int last(void) { return table[2]; }
