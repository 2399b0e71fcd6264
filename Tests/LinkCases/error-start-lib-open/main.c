// --start-lib without its end would make the driver's last objects lazy: an error.
//#kinds: static pie
//#without: bfd knows no --start-lib
//#without: lld takes it
//#without: mold takes it
//#without: gold takes it
//#unit: one.c
//#link: -Wl,--start-lib one.o
//#expect-error: --start-lib without --end-lib
int one(void);
int main(void) { return one(); }
