// A static PIE has nobody who would look for weak symbols: -z dynamic-undefined-weak changes nothing.
//#kinds: static static-pie
//#without: lld knows no such keyword
//#link: -Wl,-z,dynamic-undefined-weak
//#check: ! readelf -rW $OUT | grep nowhere
__attribute__((weak)) int nowhere(void);
extern __attribute__((weak)) int nothing;
int (*function)(void) = nowhere;
int *variable = &nothing;
int main(void) { return nowhere || &nothing || function || variable; }
