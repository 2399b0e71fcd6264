// -e names the entry, without any C library around.
//#kinds: static pie
//#link: -nostdlib -nostartfiles -Wl,-e,other_start
//#exit: 9
__attribute__((noreturn)) void other_start(void) {
  __asm__ volatile("mov $60, %eax; mov $9, %edi; syscall");
  __builtin_unreachable();
}
__attribute__((noreturn)) void _start(void) {
  __asm__ volatile("mov $60, %eax; mov $1, %edi; syscall");
  __builtin_unreachable();
}
