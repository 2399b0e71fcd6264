// A protected reference asks for a definition in the output, as a hidden one does: a library's does
// not do. A weak one finds none, and is zero.
//#kinds: pie no-pie shared
//#each: BINDING = strong weak
//#each: PLACE = first last
//#module: libf.so = library.c
//#compile: -DBINDING_$BINDING
//#inputs[first]: libf.so main.o
//#inputs[last]: main.o libf.so
//#expect-error[strong]: f
//#expect-error[strong]: protected
//#without: mold mold refuses the weak one, too
//#without: gold gold takes the library's
//#exit: 0
#ifdef BINDING_weak
__attribute__((weak))
#endif
__attribute__((visibility("protected"))) int f(void);
int main(void) {
#ifdef BINDING_weak
  if (!f) return 0;
#endif
  return f();
}
