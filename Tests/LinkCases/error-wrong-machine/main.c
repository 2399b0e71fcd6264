// An object for another machine.
//#prepare: printf '.globl f\nf: ret\n' > other.s; as --32 other.s -o other.o
//#link: other.o
//#expect-error: other.o
//#expect-error[weld,bfd]: i386
int main(void) { return 0; }
