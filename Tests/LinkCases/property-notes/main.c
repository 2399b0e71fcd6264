// IBT and SHSTK survive only if all objects have them.
//#drivers: gcc
//#each: OTHER = full branch none
//#link: -nostdlib -nostartfiles
//#compile: -fcf-protection=full
//#kinds: static
//#object[full]: other.c -fcf-protection=full
//#object[branch]: other.c -fcf-protection=branch
//#object[none]: other.c -fcf-protection=none
//#check[full]: readelf -nW $OUT ~ x86 feature: IBT, SHSTK
//#check[branch]: readelf -nW $OUT ~ x86 feature: IBT$
//#check[none]: readelf -nW $OUT !~ x86 feature: 
//#check[full,branch]: readelf -lW $OUT ~ GNU_PROPERTY
//#exit: 5
int five(void);
__attribute__((noreturn)) void _start(void) {
  __asm__ volatile("syscall" ::"a"(60), "D"(five()));
  __builtin_unreachable();
}
