// Damaged objects: named, refused, without a crash.
//#each: DAMAGE = half header ten section-count
//#unit: victim.c -> victim.o
//#prepare[half]: head -c $(($(stat -c %s victim.o) / 2)) victim.o > bad.o
//#prepare[header]: head -c 64 victim.o > bad.o
//#prepare[ten]: head -c 10 victim.o > bad.o
//#prepare[section-count]: cp victim.o bad.o; printf '\377\376' | dd of=bad.o bs=1 seek=60 conv=notrunc 2>/dev/null
//#link: bad.o
//#expect-error: bad.o
int main(void) { return 0; }
