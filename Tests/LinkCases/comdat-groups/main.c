// Groups of several sections are kept or dropped as one; the first one wins, names may differ.
//#object: group.S
//#object: group.S -DSECOND -> second.o
//#exit: 12
int value(void), *pointer(void);
int main(void) { return value() + *pointer(); }
