// A function of a library has one address, whether the program or the library takes it.
//#kinds: no-pie pie shared
//#each: BINDING = lazy now
//#link: -Wl,-z,$BINDING
//#shared: libfunction.so = function.c
//#compile: -O0
//#exit: 9
int function(int);
int (*library_address(void))(int);
int (*table[])(int) = {function};
int main(void) {
  int (*volatile mine)(int) = function;
  if (mine != library_address() || table[0] != mine) return 1;
  return mine(4) + function(-5);
}
