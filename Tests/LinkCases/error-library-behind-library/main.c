// A library that only another one uses is loaded, too, so what it needs is looked for although
// --as-needed does not name it in the output.
//#kinds: pie no-pie
//#module: libinner.so = inner.c
//#module: libouter.so = outer.c | libinner.so
//#link: -Wl,--as-needed libouter.so libinner.so
//#expect-error: nowhere
//#expect-error: libinner.so
//#without: mold mold does not check
//#without: lld lld looks at libraries on the line that are needed
int outer(void);
int main(void) { return outer(); }
