// Writing to what is relocated once faults after start-up; with -z norelro it does not.
//#kinds: pie static-pie
//#each: MODE = now lazy none
//#link[now,lazy]: -Wl,-z,relro,-z,$MODE
//#link[none]: -Wl,-z,norelro
//#object: table.c
//#check[now,lazy]: readelf -lW $OUT ~ GNU_RELRO
//#check[none]: readelf -lW $OUT !~ GNU_RELRO
//#check[now]: readelf -dW $OUT ~ NOW
//#check[lazy]: readelf -dW $OUT !~ NOW
//#exit[now,lazy]: 11
//#exit[none]: 0
#include <signal.h>
#include <unistd.h>
extern int *const table[];
int variable = 3, late[3];
static void on_fault(int signal) { _exit(11); }
int main(void) {
  signal(SIGSEGV, on_fault);
  late[1] = *table[0];
  *(int *volatile *)table = 0;
  return late[1] != 3;
}
