// --warn-execstack and --error-execstack tell why the stack is executable.
//#kinds: static pie shared
//#drivers: gcc
//#prepare: printf '.section .note.GNU-stack,"x"\n' > asks.s && gcc -c asks.s
//#link: -Wl,--hash-style=gnu
//#without: lld has no such options
//#without: mold has no such options
//#without: bfd has other words
//#without: gold has other words
//#check: $RELINK asks.o -o other -Wl,--warn-execstack 2>&1 ~ warning: the stack is executable: asks.o asks for it
//#check: $RELINK -o other -Wl,-z,execstack -Wl,--warn-execstack 2>&1 ~ warning: .*-z execstack asks for it
//#check: ! $RELINK asks.o -o none -Wl,--error-execstack 2> said && grep 'error: the stack is executable: asks.o' said
//#check: $RELINK asks.o -o other 2>&1 !~ executable
//#check: $RELINK asks.o -o other -Wl,--warn-execstack,-z,noexecstack 2>&1 !~ executable
int main(void) { return 0; }
