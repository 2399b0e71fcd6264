// Thread-local variables in the large code model: __tls_get_addr is called through a register.
//#drivers: gcc
//#kinds: static pie no-pie shared
//#compile: -mcmodel=large -ftls-model=global-dynamic -O2 -fPIC
//#object: other.c
//#without: lld rewrites the small-model sequence only
//#exit: 42
extern __thread int a;
static __thread int b = 20;
int main(void) { return a + b; }
