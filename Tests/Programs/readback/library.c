// A library with versions, aliases, all visibilities, thread-locals in their general form,
// a function chosen when it is loaded, and many sections.
#include <stddef.h>
#include <stdlib.h>

int old_sum(int a, int b) { return a - b; }
int new_sum(int a, int b) { return a + b; }
__asm__(".symver old_sum, sum@WORDS_1");
__asm__(".symver new_sum, sum@@WORDS_2");

__thread int each_thread = 7;
static __thread int each_thread_zero;
int shared_data = 11;
const int shared_constant = 12;
int shared_zero[100];
extern int shared_alias __attribute__((alias("shared_data")));
void *const addresses[] = {&shared_data, &shared_zero[5], malloc};
__attribute__((visibility("protected"))) int protected_function(void) { return each_thread_zero++; }
__attribute__((visibility("hidden"))) int hidden_function(void) { return shared_constant; }
__attribute__((weak)) int weak_function(void) { return hidden_function(); }
extern int unknown(void) __attribute__((weak));

static int quick(void) { return 1; }
static int slow(void) { return 2; }
static void *choose(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") ? (void *)quick : (void *)slow;
}
int chosen(void) __attribute__((ifunc("choose")));

#define SECTION(n) __attribute__((section(".data.part" #n), used)) static int part##n = n;
#define TEN(n) SECTION(n##0) SECTION(n##1) SECTION(n##2) SECTION(n##3) SECTION(n##4) \
  SECTION(n##5) SECTION(n##6) SECTION(n##7) SECTION(n##8) SECTION(n##9)
TEN(1) TEN(2) TEN(3)
#define NAMED(n) __attribute__((section("part_" #n), used)) static int named##n = n;
NAMED(1) NAMED(2) NAMED(3) NAMED(4) NAMED(5) NAMED(6) NAMED(7) NAMED(8)
extern int __start_part_3[], __stop_part_3[];

int use(void) {
  char *text = malloc(10);
  free(text);
  return weak_function() + protected_function() + chosen() + each_thread + part11 +
         (unknown ? unknown() : 0) + (int)(__stop_part_3 - __start_part_3);
}
