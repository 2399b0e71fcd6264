// An unknown -z word is a warning: build systems pass words of the future.
//#link: -Wl,-z,no-such-word
//#without: gold stops
//#expect-warning: no-such-word
int main(void) { return 0; }
