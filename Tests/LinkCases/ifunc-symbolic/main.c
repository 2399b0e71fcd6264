// An indirect function that is bound inside its library and whose address is taken there: others
// find the stub, not the resolver, and everybody sees one address.
//#kinds: pie no-pie
//#each: BINDING = -Bsymbolic -Bsymbolic-functions
//#shared: liblibrary.so = library.c | -Wl,$BINDING
//#exit: 0
int function(void);
int (*address(void))(void);
int (*volatile pointer)(void) = function;
int main(void) {
  if (function() != 4 || pointer() != 4 || address()() != 4) return 1;
  return pointer != address();
}
