// --require-defined of a symbol that nothing defines is an error.
//#without: mold is too old
//#without: lld is too old
//#link: -Wl,--require-defined=nowhere_at_all
//#expect-error: nowhere_at_all
int main(void) { return 0; }
