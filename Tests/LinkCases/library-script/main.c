// A text file in a library's place: INPUT, GROUP, AS_NEEDED, SEARCH_DIR, OUTPUT_FORMAT, comments.
//#module: libreal.so = real.c
//#module: libunused.so = helper.c -DUNUSED
//#unit: helper.c -fPIC
//#prepare: mkdir -p deep; ar rcs deep/libhelper_nonshared.a helper.o
//#prepare: cp $SRC/library.ld libx.so; cp $SRC/group.ld libgroup.a
//#link: -L. -lx -Wl,-Bstatic -lgroup -Wl,-Bdynamic
//#check: readelf -dW $OUT ~ NEEDED.*libreal.so
//#check: readelf -dW $OUT !~ NEEDED.*libunused
//#without: mold knows no SEARCH_DIR
//#exit: 12
int real(void), helper(void);
int main(void) { return real() + helper(); }
