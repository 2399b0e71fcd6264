// -Bsymbolic binds a library's references to itself, -Bsymbolic-functions those to functions.
//#kinds: pie
//#each: MODE = none -Bsymbolic -Bsymbolic-functions
//#shared[none]: liba.so = library.c -O0
//#shared[-Bsymbolic,-Bsymbolic-functions]: liba.so = library.c -O0 | -Wl,$MODE
//#stdout[none]: 10 20
//#stdout[-Bsymbolic]: 1 2
//#stdout[-Bsymbolic-functions]: 1 20
//#check[-Bsymbolic]: readelf -dW liba.so ~ SYMBOLIC
#include <stdio.h>
int function(void) { return 10; }
int variable = 20;
int call_function(void), read_variable(void);
int main(void) { printf("%d %d\n", call_function(), read_variable()); }
