// Position-dependent code in a library or PIE: which object, which symbol, and -fPIC as the remedy.
//#kinds: shared
//#object: absolute.c -fno-pic -fno-pie -mcmodel=small
//#expect-error: absolute.o
//#expect-error: some_variable
//#expect-error~: -fPIC
int main(void) { return 0; }
