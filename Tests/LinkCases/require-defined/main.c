// --require-defined of a symbol that nothing defines is an error.
//#without: lld does not have the option and names the symbol for that reason
//#link: -Wl,--require-defined=nowhere_at_all
//#expect-error: nowhere_at_all
int main(void) { return 0; }
