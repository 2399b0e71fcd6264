// More program headers than the file's header can count: an error.
//#kinds: pie
//#drivers: gcc
//#without: bfd wants minutes
//#without: lld writes a file with a wrong number
//#without: mold crashes
//#prepare: awk 'BEGIN { for (i = 0; i < 70000; i++) printf ".section .note.%d,\"a\",@note\n.balign %d\n.long 4,4,1\n.asciz \"abc\"\n.long 0\n", i, i % 2 ? 4 : 8; print ".section .note.GNU-stack,\"\",@progbits" }' > notes.s
//#prepare: as notes.s -o notes.o
//#link: notes.o
//#expect-error: program headers, and a file has at most 65534
int main(void) { return 0; }
