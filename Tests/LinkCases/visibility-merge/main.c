// The strictest visibility of all objects' opinions decides, references included.
//#kinds: shared
//#object: reference.c
//#check: nm -D $OUT !~ made_hidden
//#check: nm -D $OUT ~ stays_visible
//#exit: 3
int made_hidden(void) { return 1; }
int stays_visible(void) { return 2; }
int call(void);
int main(void) { return call(); }
