// A library asks for a version of a name: that is met by the library which has the version, and no
// archive member of the same name is taken.
//#kinds: pie no-pie
//#unit: own.c
//#prepare: ar rcs libown.a own.o
//#module: libversioned.so = versioned.c | -Wl,--version-script=$SRC/versions
//#module: libuser.so = user.c | -L. -lversioned
//#link: -L. -lown -luser -Wl,-rpath-link,.
//#check[!mold]: nm $OUT !~ answer
//#exit[!mold]: 3
//#exit[mold]: 8
int use(void);
int main(void) { return use(); }
