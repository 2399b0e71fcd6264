// Thread-local variables of a library loaded late, in a thread that was there before.
//#kinds: pie no-pie
//#drivers: gcc
//#each: DIALECT = gnu gnu2
//#module: libtls.so = plugin.c -mtls-dialect=$DIALECT
//#compile: -pthread
//#link: -pthread -ldl
//#exit: 44
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
static sem_t loaded;
static int (*next)(int);
static void *wait(void *unused) {
  sem_wait(&loaded);
  return (void *)(long)(next(1) + next(1));
}
int main(void) {
  void *result;
  pthread_t thread;
  sem_init(&loaded, 0, 0);
  pthread_create(&thread, 0, wait, 0);
  void *library = dlopen("libtls.so", RTLD_NOW);
  if (!library) return 1;
  next = (int (*)(int))dlsym(library, "next");
  next(100);
  sem_post(&loaded);
  pthread_join(thread, &result);
  return (long)result;
}
