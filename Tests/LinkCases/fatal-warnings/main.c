// --fatal-warnings makes a warning an error.
//#link: -Wl,--fatal-warnings -Wl,-z,no-such-word
//#expect-error: no-such-word
int main(void) { return 0; }
