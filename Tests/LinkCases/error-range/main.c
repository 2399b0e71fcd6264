// A relocation whose value does not fit: section, symbol, value.
//#kinds: static
//#object: far.S
//#link: -Wl,--defsym=far_away=0x7fff00000000
//#expect-error: far_away
//#expect-error~: out of range|truncated|overflow
int main(void) { return 0; }
