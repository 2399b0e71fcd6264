// An absolute 32-bit address in a PIE.
//#object: absolute.c -fno-pic -fno-pie
//#expect-error: absolute.o
//#expect-error~: -fPI[CE]
int some_variable;
int *address(void);
int main(void) { return *address(); }
