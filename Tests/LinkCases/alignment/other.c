#define BIG __attribute__((aligned(4096)))
char data4096[3] BIG = {1};
char bss4096[4096] BIG;
const char rodata4096[3] BIG = {2};
__thread char tls1024[3] __attribute__((aligned(1024))) = {7};
BIG void function4096(void) {}
