// What becomes of undefined symbols: executables refuse, libraries allow, options change both.
//#each: MODE = -z,defs --no-undefined --unresolved-symbols=report-all
//#kinds: pie shared
//#link: -Wl,$MODE
//#expect-error: nowhere
int nowhere(void);
int main(void) { return nowhere(); }
