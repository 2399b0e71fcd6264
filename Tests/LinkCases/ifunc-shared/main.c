// An IFUNC that a library exports: its address is one and the same everywhere.
//#kinds: pie no-pie shared
//#shared: libfast.so = fast.c
//#exit: 42
int fast(int);
int (*library_pointer(void))(int);
static int (*pointer)(int) = fast;
int main(void) {
  if (pointer != library_pointer()) return 1;
  return pointer(40) + fast(-2);
}
