// -z nodynamic-undefined-weak: undefined weak symbols are zero for good, in shared libraries, too;
// otherwise the loader may find them after all.
//#kinds: pie shared
//#each: weak = dynamic nodynamic
//#each: plt = plt no-plt
//#module: libprovider.so = provider.c
//#compile[no-plt]: -fno-plt
//#without: lld knows no such keyword
//#without: pie+dynamic+mold binds them in executables all the same
//#link[dynamic]: -Wl,-z,dynamic-undefined-weak
//#link[nodynamic]: -Wl,-z,nodynamic-undefined-weak
//#env: LD_PRELOAD=./libprovider.so
//#check[nodynamic]: readelf --dyn-syms -W $OUT !~ maybe_
//#check[dynamic]: readelf --dyn-syms -W $OUT ~ UND maybe_function
//#stdout[dynamic]: function 16, variable 5, pointers 3
//#stdout[nodynamic]: function 0, variable 0, pointers 0
int printf(const char *, ...);
__attribute__((weak)) int maybe_function(void);
extern __attribute__((weak)) int maybe_variable;
int (*function)(void) = maybe_function;
int *variable = &maybe_variable;
int main(void) {
  printf("function %d, variable %d, pointers %d\n", maybe_function ? maybe_function() : 0,
         &maybe_variable ? maybe_variable : 0, (function != 0) + 2 * (variable != 0));
  return 0;
}
