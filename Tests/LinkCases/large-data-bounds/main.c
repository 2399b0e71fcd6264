// `_edata` is the end of the data before `.bss`: the large model's lies behind that, before `_end`.
//#kinds: static static-pie pie no-pie
//#compile: -mcmodel=large
//#drivers: gcc
//#without: mold counts the large model's data, too
//#without: lld counts the large model's data, too
//#exit: 0
extern char _edata[], _end[], __bss_start[];
extern int large;
__asm__(".pushsection .ldata.x,\"awl\",@progbits\nlarge: .long 5\n.popsection");
int small __attribute__((section(".data"))) = 6;
int zeroed;
static char *volatile at;
int main(void) {
  at = (char *)&small;
  if (at >= _edata) return 1;
  if (_edata > __bss_start) return 2;
  at = (char *)&large;
  if (at < _edata) return 3;
  return at >= _end ? 4 : 0;
}
