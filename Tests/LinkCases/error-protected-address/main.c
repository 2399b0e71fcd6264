// The address of a library's protected function in position-dependent code would be another than in
// the library: refused, and the object to rebuild is named.
//#kinds: no-pie
//#each: USE = code constant relative
//#compile: -DUSE_$USE
//#shared: libprotected.so = library.c
//#without: mold it makes two addresses
//#without: bfd+relative it makes two addresses
//#expect-error: function
//#expect-error[weld]: libprotected.so
//#expect-error[weld]: main.o
//#expect-error[weld]: recompile with -fPIC
int function(void);
void *address(void);
#ifdef USE_constant
int (*const constant)(void) = function;
#endif
int main(void) {
#ifdef USE_code
  return (void *)function != address();
#elif defined USE_constant
  return *(void *const volatile *)&constant != address();
#else
  void *relative;
  __asm__("lea function(%%rip), %0" : "=r"(relative));
  return relative != address();
#endif
}
