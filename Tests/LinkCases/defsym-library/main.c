// --defsym with a function of a shared library: the alias is the function's stub, in executables
// and in libraries, and an executable agrees with the library about the function's address.
//#kinds: pie no-pie
//#each: BINDING = lazy now
//#without: bfd takes the address for zero
//#without: lld does not look in libraries
//#without: mold writes a value that does not move
//#shared: libgiver.so = giver.c
//#shared: libtaker.so = taker.c | libgiver.so -Wl,--defsym=renamed=given -Wl,-z,$BINDING
//#link: -Wl,--defsym=alias=given -Wl,--defsym=chained=alias -Wl,-z,$BINDING
//#exit: 42
int alias(void), chained(void), given(void), through_library(void);
int (*address_in_library(void))(void);
int (*volatile pointer)(void) = alias;
int main(void) {
  if (pointer != given || address_in_library() != given) return 1;
  return alias() + chained() + pointer() + through_library();
}
