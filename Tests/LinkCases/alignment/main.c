// Big alignments of code, data, bss and thread-local data hold at run time.
//#kinds: static static-pie pie no-pie shared
//#object: other.c
//#exit: 0
extern char data4096[], bss4096[], rodata4096[];
extern __thread char tls1024[];
__thread char small = 1;
void function4096(void);
static char page[4096] __attribute__((aligned(4096)));
#define CHECK(what, n) if ((unsigned long)(what) % 4096) return n
int main(void) {
  CHECK(data4096, 1);
  CHECK(bss4096, 2);
  CHECK(rodata4096, 3);
  CHECK(function4096, 4);
  CHECK(page, 5);
  if ((unsigned long)tls1024 % 1024 || tls1024[0] != 7) return 6;
  return page[1] || bss4096[4095] || data4096[0] != 1 || rodata4096[0] != 2 || small != 1;
}
