// A reference to a version that nobody has: the loader could not be told where to look for it, not
// even if it is weak and the output a shared library.
//#kinds: pie shared
//#each: BINDING = strong weak
//#each: FIRST = plain other nothing
//#module: libplain.so = one.c
//#module: libother.so = one.c | -Wl,--version-script=$SRC/other
//#module: libnothing.so = nothing.c
//#compile: -DBINDING_$BINDING
//#link: lib$FIRST.so
//#expect-error: f@V1
//#without: mold mold leaves the version out
#ifdef BINDING_weak
__attribute__((weak))
#endif
int wanted(void);
__asm__(".symver wanted, f@V1");
int main(void) { return &wanted ? wanted() : 0; }
