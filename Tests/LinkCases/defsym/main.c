// --defsym with aliases, arithmetic, hexadecimal, symbols plus offsets.
//#kinds: static pie no-pie
//#link: -Wl,--defsym=alias=target -Wl,--defsym,'number=0x10+(4*2)' -Wl,--defsym=inside=array+8
//#link: -Wl,--defsym=chained=alias
//#exit: 35
int target(void) { return 5; }
int array[] = {1, 2, 30};
int alias(void), chained(void);
extern int inside;
extern char number[];
int main(void) {
  int (*volatile a)(void) = alias, (*volatile b)(void) = target;
  if (a != b) return 1;
  __asm__ goto("movabs $number, %%rax; cmp $0x18, %%rax; jne %l0" ::: "rax", "cc" : wrong);
  return chained() + inside;
wrong:
  return 2;
}
