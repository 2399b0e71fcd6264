// What does not arrive whole, for a full disk or another reason, is an error, whatever it is.
//#kinds: static pie shared
//#drivers: gcc
//#link: -Wl,--gc-sections
//#without: bfd fails for -o only
//#without: lld has no map or trace of this kind
//#without: mold fails for the map by a signal
//#check: ! $RELINK -o /dev/full 2>said && grep 'cannot write /dev/full: No space left on device' said
//#check: ! $RELINK -o - >/dev/full 2>said && grep 'No space left on device' said
//#check: ! $RELINK -o other -Wl,-Map=/dev/full 2>said && grep 'map file /dev/full: No space' said
//#check: ! $RELINK -o other -Wl,--dependency-file=/dev/full 2>said && grep 'No space' said
//#check: ! $RELINK -o other -Wl,--time-trace=/dev/full 2>said && grep 'No space' said
//#check: ! $RELINK -o other -Wl,-M >/dev/full 2>said && grep 'standard output: No space' said
//#check: ! $RELINK -o other -Wl,--trace >/dev/full 2>said && grep 'standard output: No space' said
//#check: ! $RELINK -o other -Wl,--print-gc-sections >/dev/full 2>said && grep 'No space' said
//#check: $RELINK -o /dev/null
int main(void) { return 0; }
