// A common symbol wins over a weak definition, in any order. gABI, "Symbol Table", STB_WEAK.
//#kinds: static pie shared
//#compile: -fcommon
//#unit: weak.c -> weak.o
//#unit: user.c -> user.o
//#each: ORDER = first last
//#link[first]: weak.o user.o
//#link[last]: user.o weak.o
//#exit: 0
int value;
int get(void);
int main(void) { return value + get(); }
