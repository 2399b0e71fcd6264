// What an executable exports: nothing, all (--export-dynamic), a list, or one symbol.
//#each: MODE = none all list one
//#prepare: echo '{ callb*; extern "C++" { "ns::f(int)"; }; };' > list
//#link[all]: -Wl,--export-dynamic
//#link[list]: -Wl,--dynamic-list=list
//#link[one]: -Wl,--export-dynamic-symbol=callback
//#kinds: pie no-pie
//#link: -ldl
//#check[all]: nm -D $OUT ~ T other$
//#check[none,list,one]: nm -D $OUT !~ T other$
//#exit[none]: 1
//#exit[all,list,one]: 43
#include <dlfcn.h>
int callback(int n) { return n + 1; }
int other(int n) { return n + 2; }
int main(void) {
  int (*f)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "callback");
  return f ? f(42) : 1;
}
