// -z notext allows relocations in code, marks the output, and the loader applies them.
//#kinds: shared
//#drivers: gcc
//#object: absolute.S
//#link: -Wl,-z,notext
//#check: readelf -dW $OUT ~ TEXTREL
//#exit: 6
int variable = 6;
int *address(void);
int main(void) { return *address(); }
