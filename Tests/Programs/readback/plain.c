// What every C program has: initialised and zeroed data, constants, pointers, constructors, weak
// and common symbols, calls to the library and its variables.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;
extern int absent(void) __attribute__((weak));

static int local_data = 3;
static char local_zero[300];
int global_zero[70];
int common_data __attribute__((common));
const char *const names[] = {"one", "two", "three"};
int (*volatile compare)(const char *, const char *) = strcmp;
__thread int thread_data = 4;
static __thread int thread_zero;

__attribute__((weak)) int weak_function(void) { return local_data; }
__attribute__((visibility("hidden"))) int hidden_function(int n) { return n + local_zero[1]; }

__attribute__((constructor)) static void before(void) { global_zero[0] = 1; }
__attribute__((constructor(200))) static void long_before(void) { common_data = 2; }
__attribute__((destructor)) static void after(void) { fflush(stdout); }

__attribute__((section("c_named"), used)) static int named_a = 5;
extern int __start_c_named[], __stop_c_named[];

int main(int count, char **words) {
  errno = 0;
  thread_zero += count;
  if (absent) return absent();
  for (int i = 0; i < 3; i++)
    if (compare(names[i], words[0]) == 0) return 1;
  printf("%d %d %d %d %d %d\n", weak_function(), hidden_function(1), global_zero[0],
         common_data, thread_data + thread_zero, (int)(__stop_c_named - __start_c_named) * named_a);
  return environ == NULL;
}
