// Thread-local variables of a library, used by the program with each model that may cross.
//#kinds: pie no-pie shared
//#each: MODEL = global-dynamic initial-exec
//#compile: -ftls-model=$MODEL -pthread -O2
//#shared: libvariable.so = variable.c -ftls-model=$MODEL
//#link: -pthread
//#check[initial-exec]: readelf -rW $OUT ~ R_X86_64_TPOFF64.* external
//#check[shared]: readelf -lW $OUT ~ TLS
//#exit: 34
#include <pthread.h>
extern __thread int external;
static __thread int mine = 10;
int next(void);
static void *run(void *unused) { return (void *)(long)(next() + external + mine++); }
int main(void) {
  pthread_t thread;
  void *result;
  external = 1000, mine = 1000;
  pthread_create(&thread, 0, run, 0);
  pthread_join(thread, &result);
  return (long)result;
}
