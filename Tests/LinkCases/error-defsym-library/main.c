// The address of a library's variable is not known when the program is linked.
//#kinds: pie no-pie
//#without: bfd says it in its own words
//#without: lld says it in its own words
//#without: mold takes it for zero
//#shared: libgiver.so = giver.c
//#link: -Wl,--defsym=alias=given
//#expect-error: --defsym alias: 'given' is defined in libgiver.so, and its address is not known
extern int alias;
int main(void) { return alias; }
