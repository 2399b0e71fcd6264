// soname, needed by soname, rpath and runpath, -z flags, init and fini.
//#kinds: pie
//#prepare: mkdir -p deep
//#module: libx.so = library.c | -Wl,-soname,libx.so.3 -Wl,-h,libx.so.4
//#prepare: mv libx.so deep/libx.so.4; ln -s libx.so.4 deep/libx.so
//#each: TAGS = enable disable
//#link: -Ldeep -lx -Wl,-rpath,'$ORIGIN/deep' -Wl,-rpath=/nowhere -Wl,--$TAGS-new-dtags
//#link: -Wl,-z,now -Wl,-z,origin
//#check: readelf -dW deep/libx.so ~ SONAME.*\[libx.so.4\]
//#check: readelf -dW $OUT ~ NEEDED.*\[libx.so.4\]
//#check[enable]: readelf -dW $OUT ~ \(RUNPATH\).*\[.ORIGIN/deep:/nowhere\]
//#check[disable]: readelf -dW $OUT ~ \(RPATH\).*\[.ORIGIN/deep:/nowhere\]
//#check: readelf -dW $OUT ~ FLAGS_1.*NOW.*ORIGIN
//#check[!bfd]: readelf -dW $OUT ~ \(FLAGS\).*(ORIGIN BIND_NOW|BIND_NOW.*ORIGIN)
//#exit: 3
int in_library(void);
int main(void) { return in_library(); }
