// A user of the library: copies of its data, addresses of its functions, its thread-local.
#include <stdio.h>

int sum(int, int), use(void), chosen(void), weak_function(void);
extern int shared_data, shared_alias, shared_zero[100];
extern const int shared_constant;
extern __thread int each_thread;
int (*pointers[])(void) = {use, chosen, weak_function};
int *pointer = &shared_data;

int main(void) {
  printf("%d %d %d %d %d\n", sum(1, 2), use() + pointers[1](), shared_alias + *pointer,
         shared_constant + shared_zero[3], each_thread);
  return 0;
}
