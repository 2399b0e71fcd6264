// Hidden, internal and protected symbols: who sees them and which definition calls reach.
//#kinds: pie no-pie
//#shared: libvisible.so = library.c -O0
//#check: nm -D libvisible.so !~ hidden_function
//#check: nm -D libvisible.so !~ internal_function
//#check: nm -D libvisible.so ~ T protected_function
//#check: readelf -rW libvisible.so !~ (hidden|internal|protected)_function
//#stdout: 1 2 3 mine
#include <stdio.h>
const char *default_function(void) { return "mine"; }
int protected_function(void) { return 99; }
int hidden_function(void) { return 98; }
int call_hidden(void), call_internal(void), call_protected(void);
const char *call_default(void);
int main(void) {
  printf("%d %d %d %s\n", call_hidden(), call_internal(), call_protected(), call_default());
}
