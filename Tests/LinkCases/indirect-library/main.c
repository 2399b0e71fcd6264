// A library behind the one that is linked is found by -rpath-link or -rpath: what it wants of the
// program is exported, and what it does not get is an error.
//#kinds: pie no-pie
//#drivers: gcc
//#each: OPTION = rpath-link rpath
//#each: GIVEN = exported hidden missing allowed
//#prepare: mkdir behind
//#module: behind/libinner.so = inner.c | -Wl,--allow-shlib-undefined,-soname,libinner.so
//#module: libouter.so = outer.c | behind/libinner.so
//#object[exported,hidden]: wanted.c -> wanted.o
//#compile[hidden]: -DHIDDEN
//#link: libouter.so -Wl,-$OPTION,behind
//#link[allowed]: -Wl,--allow-shlib-undefined
//#check[exported]: LD_LIBRARY_PATH=.:behind $OUT; test $? = 7
//#check[exported]: nm -D $OUT ~ T wanted
//#expect-error[hidden]: wanted
//#expect-error[hidden,!bfd]: defined in wanted.o, but hidden
//#expect-error[missing]: wanted
//#expect-error[missing,!bfd]: referenced by behind/libinner.so
//#no-run:
//#without: lld does not look behind libraries
//#without: mold does not look behind libraries
int outer(void);
int main(void) { return outer(); }
