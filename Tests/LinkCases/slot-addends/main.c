// Only `foo@GOTPCREL` itself can be relaxed: with another addend, code reads half of the slot.
//#kinds: static pie no-pie shared
//#drivers: gcc
//#object: code.S
//#exit: 0
unsigned long variable;
unsigned upper_half(void);
int main(void) { return upper_half() != (unsigned long)&variable >> 32; }
