// Thread-local variables through every access model the compiler can be told to use.
//#kinds: static static-pie pie no-pie shared
//#each: MODEL = global-dynamic local-dynamic initial-exec local-exec
//#without: shared+local-exec is for executables only
//#compile: -ftls-model=$MODEL -pthread -O2
//#object: other.c
//#link: -pthread
//#stdout: main 1 20 3 40 5
//#stdout: thread 1 20 3 40 5
#include <pthread.h>
#include <stdio.h>
extern __thread int external;
extern __thread char external_bytes[3];
static __thread int local = 3;
static __thread int zeroed;
__thread long aligned __attribute__((aligned(64))) = 40;
int *other_address(void);

static void *show(void *name) {
  zeroed += 5;
  if ((long)&aligned % 64) return (void *)1;
  if (other_address() != &external) return (void *)2;
  if (external_bytes[0] || external_bytes[2] != 0) return (void *)3;
  external_bytes[2] = 9;
  printf("%s %d %d %d %ld %d\n", (char *)name, 1, external, local, aligned, zeroed);
  external++, local++, aligned++;
  return 0;
}
int main(void) {
  long result;
  if (show("main")) return 1;
  pthread_t thread;
  pthread_create(&thread, 0, show, "thread");
  pthread_join(thread, (void **)&result);
  return result;
}
