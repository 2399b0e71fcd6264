// An undefined symbol: demangled name, the function and line that refer to it, and how many more.
//#compile: -g
//#object: second.cc
//#expect-error~: space::missing\(int, std::|space::missing\(int, char const\*\)
//#expect-error[weld,lld,mold]: main.o
//#expect-error~[weld,lld,bfd]: main\.cc:1[0-9]
//#expect-error[weld,lld]: referenced
//#expect-error~[weld]: [0-9]+ more
//#expect-error~: other_missing
namespace space { int missing(int, const char *); }
extern "C" int other_missing();
int first() { return space::missing(1, "a"); }
int second() { return space::missing(2, "b"); }
int third() { return space::missing(3, "c"); }
int main() { return first() + second() + third() + other_missing(); }
