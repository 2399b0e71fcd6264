// A program that exports a name and an old version of it defines the version: who asks for none gets
// the name itself.
//#kinds: pie no-pie
//#each: FORM = old default
//#compile: -DFORM_$FORM
//#link: -rdynamic -ldl
//#check: readelf -V -W $OUT ~ Name: V1
//#stdout[old]: plain 2, V1 1
//#stdout[default]: plain 1, V1 1
//#without: lld it defines the versions of scripts only
//#without: mold it defines the versions of scripts only
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int one(void) { return 1; }
#ifdef FORM_old
__asm__(".symver one, api@V1");
int api(void) { return 2; }
#else
__asm__(".symver one, api@@V1");
#endif
static int called(void *function) { return function ? ((int (*)(void))function)() : -1; }
int main(void) {
  printf("plain %d, V1 %d\n", called(dlsym(RTLD_DEFAULT, "api")), called(dlvsym(RTLD_DEFAULT, "api", "V1")));
  return 0;
}
