int table[4] = {1, 30, 10, 21};
int *const pointers[] = {&table[3], &table[2], &table[1], &table[0]};
