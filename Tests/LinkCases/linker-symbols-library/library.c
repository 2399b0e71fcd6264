extern char _end[], _edata[], __bss_start[], _etext[];
char *const bounds[] = {_etext, __bss_start, _edata, _end};
char *library_end(void) { return _end; }
#ifdef OWN
// Not the linker's: a library may call its own things so.
int edata(void) { return 3; }
#else
static int edata(void) { return 3; }
#endif
int own(void) { return edata(); }
