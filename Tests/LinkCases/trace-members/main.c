// -t names the files that are read, and the members of archives that are linked.
//#kinds: static pie
//#unit: one.c
//#unit: two.c
//#prepare: ar rcs libnumbers.a one.o two.o; mkdir -p thin; cd thin && ar rcsT libthin.a ../one.o
//#without: mold knows no -t
//#without: bfd writes members in its own form, with -t -t
//#link: -L. -lnumbers
//#check: $RELINK -Wl,-t -o traced ~ ^(\./)?libnumbers.a\(one.o\)$
//#check: $RELINK -Wl,-t -o traced !~ two.o
//#check: $RELINK -Wl,-t -o traced ~ ^main.o$
//#check[weld]: $RELINK -Wl,-t -o traced ~ ^(\./)?libnumbers.a$
//#check: $RELINK -Wl,-t -Wl,--whole-archive libnumbers.a -Wl,--no-whole-archive -o traced ~ libnumbers.a\(two.o\)
//#exit: 1
int one(void);
int main(void) { return one(); }
