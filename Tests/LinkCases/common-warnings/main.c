// --warn-common tells of each common symbol that meets another or a definition, and in which files.
//#kinds: no-pie
//#compile: -fcommon
//#object: one.c -> one.o
//#object: two.c -> two.o
//#link: -Wl,--warn-common
//#expect-warning[weld]: one.o: common symbol 'both' of 4 bytes is common in main.o, too
//#expect-warning[weld]: one.o: common symbol 'defined' is overridden by the definition in two.o
//#expect-warning: defined
//#no-diagnostic: alone
//#without: lld names no file
int both, alone;
int main(void) { return both; }
