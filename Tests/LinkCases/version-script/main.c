// A version script: two nodes with a parent, globs, local:*, extern "C++", asked for by dlvsym.
//#kinds: pie
//#shared: libversioned.so = library.c cxx.cc | -Wl,--version-script=$SRC/x.map -Wl,-soname,libversioned.so.1
//#prepare: ln -sf libversioned.so libversioned.so.1
//#link: -ldl -Wl,-rpath,.
//#check: nm -D libversioned.so ~ T exact@@FIRST_1.0
//#check: nm -D libversioned.so ~ T newer@@SECOND_2.0
//#check: nm -D libversioned.so ~ T glob_one@@FIRST_1.0
//#check: nm -DC libversioned.so ~ T space::shown\(int\)@@SECOND_2.0
//#check: nm -D libversioned.so !~ kept_local
//#check: nm -DC libversioned.so !~ space::unshown
//#check[!lld]: readelf -VW libversioned.so ~ Parent 1: FIRST_1.0
//#check: readelf -VW $OUT ~ Name: SECOND_2.0
//#stdout: old new 2 0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
const char *moved(void);
int newer(void);
int main(void) {
  const char *(*old)(void) = dlvsym(RTLD_DEFAULT, "moved", "FIRST_1.0");
  const char *(*other)(void) = dlvsym(RTLD_DEFAULT, "moved", "SECOND_2.0");
  if (!old || other != moved) return 1;
  printf("%s %s %d %d\n", old(), moved(), newer(), dlsym(RTLD_DEFAULT, "kept_local") != 0);
}
