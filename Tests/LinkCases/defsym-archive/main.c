// What an expression names is looked for in archives, and in libraries under --as-needed; what PROVIDE
// names only if somebody wants the provided symbol.
//#kinds: static static-pie pie no-pie shared
//#each: FORM = defsym script provide
//#prepare: printf 'int base(void) { return 5; } int offset[4];' > base.c && $CC -fPIC -c base.c
//#prepare: printf 'int unwanted(void) { return missing(); }' > unwanted.c && $CC -w -fPIC -c unwanted.c
//#prepare: ar rcs libbase.a base.o unwanted.o
//#prepare: printf 'other = base; PROVIDE(nobody = unwanted);' > script.ld
//#prepare: printf 'PROVIDE(other = base); PROVIDE(nobody = unwanted);' > provide.ld
//#link[defsym]: -Wl,--defsym=other=base
//#link[script]: script.ld
//#link[provide]: provide.ld
//#without: lld+script versions before 19 pull what PROVIDE names, wanted or not
//#without: lld+provide versions before 19 pull what PROVIDE names, wanted or not
//#link: libbase.a
//#exit: 5
int other(void);
int main(void) { return other(); }
