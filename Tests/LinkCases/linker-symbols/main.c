// The symbols that the linker defines have the addresses the manuals promise.
//#kinds: static static-pie pie no-pie
//#exit: 0
#include <elf.h>
extern char _end[], end[], _etext[], etext[], _edata[], edata[], __bss_start[];
extern char __executable_start[] __attribute__((weak));
extern const Elf64_Ehdr __ehdr_start;
typedef void (*function)(int, char **, char **);
extern function __init_array_start[], __init_array_end[], __fini_array_start[], __fini_array_end[];
extern function __preinit_array_start[], __preinit_array_end[];
extern char _GLOBAL_OFFSET_TABLE_[];
static volatile int initialised = 1, zero[100];
__attribute__((constructor)) static void construct(void) { zero[0] = 1; }
int main(void) {
  if (_end != end || _etext != etext || _edata != edata) return 1;
  if (__ehdr_start.e_ident[0] != 0x7f || __ehdr_start.e_ident[1] != 'E') return 2;
  if ((char *)&initialised >= _edata) return 3;
  if ((char *)zero < __bss_start || (char *)(zero + 100) > _end) return 4;
  if ((char *)main >= _etext) return 5;
  int found = 0;
  for (function *f = __init_array_start; f < __init_array_end; f++)
    found += *f == (function)construct;
  if (found != 1) return 6;
  if (__fini_array_end < __fini_array_start) return 7;
  if (__preinit_array_end != __preinit_array_start) return 8;
  if (__executable_start != (char *)&__ehdr_start) return 9;
  if (!_GLOBAL_OFFSET_TABLE_) return 10;
  return 0;
}
