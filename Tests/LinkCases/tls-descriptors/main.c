// TLS descriptors, in executables (relaxed) and in libraries (kept).
//#drivers: gcc
//#kinds: static static-pie pie no-pie shared
//#compile: -mtls-dialect=gnu2 -O2 -fPIC
//#each: WHERE = inside library
//#without: static+library no shared libraries
//#without: static-pie+library no shared libraries
//#object[inside]: variable.c
//#shared[library]: libvariable.so = variable.c -mtls-dialect=gnu2
//#exit: 42
extern __thread int a, b;
static __thread int c = 2;
int get(void);
int main(void) {
  c += 0;
  a = 15;
  return a + b + c + get();
}
