// -rpath-link: what libraries need is looked for there, to see whether they are complete.
//#kinds: pie no-pie
//#each: inner = complete lacking
//#drivers: gcc clang
//#prepare: mkdir -p inner
//#module: inner/libinner.so = inner.c | -Wl,-soname,libinner.so
//#module: libouter.so = outer.c | inner/libinner.so
//#prepare[lacking]: $CC -shared -fPIC $SRC/inner.c -DLACKING -o inner/libinner.so -Wl,-soname,libinner.so -fuse-ld=bfd
//#link: libouter.so -Wl,-rpath-link,inner -Wl,-rpath,'$ORIGIN/inner'
//#without: lacking+lld does not look
//#without: lacking+mold does not look
//#expect-error[lacking]: other_inner
//#env: LD_LIBRARY_PATH=.:inner
//#exit: 5
int outer(void);
int main(void) { return outer(); }
