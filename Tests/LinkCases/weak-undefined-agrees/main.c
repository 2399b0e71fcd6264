// Code and data agree whether an undefined weak symbol is there: if some code takes its address where
// the loader has no say, it is null for everybody; else the loader finds it for everybody.
//#kinds: no-pie pie
//#each: GC = -Wl,--no-gc-sections -Wl,--gc-sections
//#each: with = direct table
//#object[direct]: direct.c -fno-pie
//#object[table]: direct.c -fPIE
//#without: pie+direct code that is not position-independent does not fit
//#without: bfd+no-pie data is null, and code sees what the loader finds
//#without: lld+no-pie data is null, and code sees what the loader finds
//#without: mold+pie binds weak symbols in executables
//#without: mold+table binds weak symbols in executables
//#module: libprovider.so = provider.c
//#compile: -fPIE
//#link: $GC
//#env: LD_PRELOAD=./libprovider.so
//#stdout[direct]: 0000000
//#stdout[table]: 1111111
#include <stdio.h>
__attribute__((weak)) int maybe_function(void);
extern __attribute__((weak)) int maybe_variable;
int (*volatile function)(void) = maybe_function;
int *volatile variable = &maybe_variable;
int (*const volatile constant_function)(void) = maybe_function;
int is_function(void), is_variable(void);
int main(void) {
  printf("%d%d%d%d%d%d%d\n", is_function(), is_variable(), maybe_function != 0,
         &maybe_variable != 0, function != 0, variable != 0, constant_function != 0);
}
