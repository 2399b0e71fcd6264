// --warn-rwx-segments and --error-rwx-segments name the sections that are writable and executable.
//#kinds: static pie no-pie shared
//#drivers: gcc
//#prepare: printf '.section .both,"awx"\n.quad 1\n.section .note.GNU-stack,""\n' > both.s && gcc -c both.s
//#link: -Wl,--hash-style=gnu
//#without: lld has no such options
//#without: mold has no such options
//#without: bfd has other words
//#without: gold has other words
//#check: $RELINK both.o -o other -Wl,--warn-rwx-segments 2>&1 ~ warning: a segment is writable and executable: it has .both$
//#check: ! $RELINK both.o -o none -Wl,--error-rwx-segments 2> said && grep 'error: .* it has .both' said
//#check: $RELINK both.o -o other -Wl,--no-warn-rwx-segments 2>&1 !~ writable
int main(void) { return 0; }
