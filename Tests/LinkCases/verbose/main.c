// --verbose tells the version, where libraries are looked for, and which files are tried.
//#drivers: gcc
//#without: bfd shows its script, too
//#without: lld has other words
//#without: mold has other words
//#without: gold has other words
//#unit: one.c
//#prepare: mkdir -p first second; ar rcs second/libone.a one.o
//#link: -Lfirst -Lsecond -lone
//#check: $LINK main.o -Lfirst -Lsecond -lone -Wl,--verbose -o other ~ SEARCH_DIR\("first"\)
//#check: $LINK main.o -Lfirst -Lsecond -lone -Wl,--verbose -o other ~ attempt to open first/libone.a failed
//#check: $LINK main.o -Lfirst -Lsecond -lone -Wl,--verbose -o other ~ attempt to open second/libone.a succeeded
//#check: $LINKER --verbose ~ SEARCH_DIR\("/usr/lib"\)
//#check: $LINKER --verbose ~ GNU
//#exit: 1
int one(void);
int main(void) { return one(); }
