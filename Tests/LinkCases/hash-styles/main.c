// Symbol lookup through each hash table: many symbols, absent ones, and versions.
//#drivers: gcc
//#each: STYLE = sysv gnu both
//#prepare: awk 'BEGIN { for (i = 0; i < 2000; i++) printf "int symbol_%d(void) { return %d; }\n", i, i }' > many.c
//#module: libmany.so = many.c | -Wl,--hash-style=$STYLE
//#link: -ldl -Wl,--hash-style=$STYLE
//#check[sysv]: readelf -dW libmany.so !~ GNU_HASH
//#check[gnu]: readelf -dW libmany.so !~ \(HASH\)
//#check[gnu,both]: readelf -dW $OUT ~ GNU_HASH
//#check[sysv,both]: readelf -dW libmany.so ~ \(HASH\)
//#stdout: 2000 found, 0 of the absent
#include <dlfcn.h>
#include <stdio.h>
int main(void) {
  void *library = dlopen("libmany.so", RTLD_NOW);
  int found = 0, absent = 0;
  char name[40];
  for (int i = 0; i < 2000; i++) {
    sprintf(name, "symbol_%d", i);
    int (*f)(void) = (int (*)(void))dlsym(library, name);
    found += f && f() == i;
    sprintf(name, "symbol_%d_", i);
    absent += dlsym(library, name) != 0;
  }
  printf("%d found, %d of the absent\n", found, absent);
}
