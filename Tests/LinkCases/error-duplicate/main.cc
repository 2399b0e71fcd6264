// A symbol defined twice: its demangled name and both places.
//#compile: -g
//#object: second.cc
//#expect-error: space::twice(int)
//#expect-error: main.o
//#expect-error: second.o
//#expect-error~[weld,lld]: main\.cc:[0-9]
//#expect-error~[weld,lld]: second\.cc:1
namespace space { int twice(int n) { return n; } }
int main() { return space::twice(0); }
