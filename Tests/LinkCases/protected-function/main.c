// A library's protected function has one address where the loader can say it: in code that asks for
// it and in writable data. Calls ask for none.
//#kinds: pie no-pie
//#each: CODE = pic noplt data calls
//#compile: -DCODE_$CODE
//#compile[pic]: -fPIC
//#compile[noplt]: -fPIC -fno-plt
//#without: lld+calls a call marked as data is refused
//#without: bfd+pie+calls a call marked as data is refused
//#shared: libprotected.so = library.c
//#exit: 3
int function(void);
void *address(void);
#ifdef CODE_data
int (*pointer)(void) = function;
#endif
int main(void) {
#ifdef CODE_calls
  int result;
  __asm__ volatile(
      // As assemblers marked calls before there was a relocation for them.
      ".byte 0xe8\n\t"
      ".long 0\n\t"
      ".reloc .-4, R_X86_64_PC32, function - 4"
      : "=a"(result)
      :
      : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
  return result == function() ? result : 1;
#elif defined CODE_data
  return (void *)pointer == address() ? pointer() : 1;
#else
  return (void *)function == address() ? function() : 1;
#endif
}
