// Functions, data and pointers that cross three objects, with every common relocation.
//#kinds: static static-pie pie no-pie shared
//#object: data.c
//#object: code.c
//#object: code.c -DSECOND -> second.o
//#exit: 42
extern int table[4];
extern int *const pointers[];
int add(int, int);
int sub(int, int);
int (*const functions[])(int, int) = {add, sub};

int main(void) {
  for (int i = 0; i < 4; i++)
    if (pointers[i] != &table[3 - i]) return 1;
  return functions[0](table[0], *pointers[0]) + functions[1](table[1], table[2]);
}
