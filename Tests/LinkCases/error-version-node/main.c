// A symbol assigned to a version that the script lacks.
//#kinds: shared
//#prepare: echo 'ONE { global: main; local: *; };' > x.map
//#link: -Wl,--version-script=x.map
//#expect-error: TWO
__asm__(".symver f, name@@TWO");
int f(void) { return 0; }
int main(void) { return 0; }
