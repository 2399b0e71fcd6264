// --wrap: references go to __wrap_, __real_ goes to the original, across objects and archives.
//#kinds: static pie no-pie shared
//#object: other.c
//#object: work.c
//#link: -Wl,--wrap=work -Wl,--wrap,malloc
//#exit: 111
#include <stdlib.h>
int work(int), __real_work(int), call_work(void);
static volatile int allocations;
int __wrap_work(int n) { return __real_work(n) + 100; }
void *__real_malloc(size_t);
void *__wrap_malloc(size_t n) { return allocations++, __real_malloc(n); }
int main(void) {
  int before = allocations;
  void *volatile p = malloc(10);
  free(p);
  return allocations == before + 1 ? call_work() : 1;
}
