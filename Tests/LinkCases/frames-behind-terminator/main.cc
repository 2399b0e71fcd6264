// Objects joined by `ld -r` may have frame descriptions behind the terminator of one of them.
//#kinds: static pie no-pie shared
//#unit: first.cc -> first.o
//#unit: second.cc -> second.o
//#prepare: printf '.section .eh_frame,"a",@unwind\n.long 0\n.section .note.GNU-stack,""\n' > end.s && gcc -c end.s
//#prepare: ld.bfd -r first.o end.o second.o -o joined.o
//#needs: ld.bfd
//#link: joined.o
//#stdout: first 1, second 2
#include <cstdio>
int first(), second();
int main() { std::printf("first %d, second %d\n", first(), second()); }
