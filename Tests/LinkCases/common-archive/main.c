// What is so far only a common symbol is looked for in archives: a definition there is extracted, a
// member that has it as a common symbol, too, or weakly, is not.
//#kinds: static pie
//#unit: definition.c -> definition.o
//#unit: common.c -fcommon -> common.o
//#compile: -fcommon
//#prepare: rm -f libdefinition.a libcommon.a; ar rcs libcommon.a common.o; ar rcs libdefinition.a definition.o
//#each: FORM = archive lazy
//#link[archive]: libcommon.a libdefinition.a
//#link[lazy]: -Wl,--start-lib common.o definition.o -Wl,--end-lib
//#check: nm $OUT !~ T never$
//#without: bfd+lazy GNU ld 2.40 has no --start-lib
//#exit: 7
int value;
int other;
int main(void) { return value + other; }
