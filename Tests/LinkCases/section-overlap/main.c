// Sections that the user puts on top of each other are an error, not a broken program.
//#kinds: static
//#drivers: gcc
//#link: -nostdlib -nostartfiles -Wl,-Ttext=0x401000 -Wl,-Tdata=0x401000
//#expect-error: overlaps
int variable = 8;
__attribute__((noreturn)) void _start(void) {
  __asm__ volatile("syscall" ::"a"(60), "D"(variable));
  __builtin_unreachable();
}
