// An exception table outside of its function's group, as older compilers leave it, may refer to the
// function that was dropped.
//#kinds: static pie
//#object: group.S -> one.o
//#object: group.S -> two.o
//#without: lld refuses it
//#exit: 7
int common_function(void);
int main(void) { return common_function(); }
