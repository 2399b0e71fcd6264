// A library may use a thread-local variable that the program defines, and that nothing defines yet
// when the library is linked.
//#kinds: pie no-pie
//#each: MODEL = global-dynamic initial-exec
//#shared: libuser.so = user.c -ftls-model=$MODEL
//#check: readelf --dyn-syms -W libuser.so ~ TLS .* UND variable$
//#exit: 42
__thread int variable = 41;
int get(void);
int main(void) {
  variable++;
  return get();
}
