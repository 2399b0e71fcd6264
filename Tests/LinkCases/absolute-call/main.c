// A call of a number: position-independent code cannot tell the distance, so a stub leads there.
//#kinds: static static-pie pie no-pie shared
//#drivers: gcc
//#each: STUBS = lazy now tracked no-plt
//#compile[no-plt]: -fno-plt
//#compile[tracked]: -fcf-protection
//#object: absolute.S
//#link: -Wl,--defsym=option=0x20000010
//#link[now]: -Wl,-z,now
//#link[tracked]: -Wl,-z,ibtplt
//#without: bfd+pie the call leads to the number of bytes behind the program's start
//#without: bfd+static-pie the call leads to the number of bytes behind the program's start
//#without: lld+pie the call leads to the number of bytes behind the program's start
//#without: lld+static-pie the call leads to the number of bytes behind the program's start
//#without: mold+pie the call leads to the number of bytes behind the program's start
//#without: mold+static-pie the call leads to the number of bytes behind the program's start
//#without: mold+tracked -z ibtplt is not known
//#without: lld+tracked -z ibtplt is not known
//#without: bfd+shared the library's own loader does not find hidden numbers
//#without: lld+shared the call of a hidden number is refused
//#without: mold+shared the call of a hidden number leads elsewhere
//#exit: 42
#include <string.h>
#include <sys/mman.h>
int object(void), option(void);
__attribute__((visibility("hidden"))) int hidden(void);
static const char code[] = {0xb8, 14, 0, 0, 0, 0xc3};  // mov $14, %eax; ret
int main(void) {
  char *page = mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  for (int i = 0; i < 3; i++) memcpy(page + 16 * i, code, sizeof code);
  return object() + option() + hidden();
}
