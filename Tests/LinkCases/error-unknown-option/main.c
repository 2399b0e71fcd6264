// An unknown option: refused, with the nearest one that exists. An unknown -z word: a warning.
//#link: -Wl,--gc-section
//#without: bfd takes abbreviations
//#expect-error: gc-section
//#expect-error[weld,lld]: --gc-sections
int main(void) { return 0; }
