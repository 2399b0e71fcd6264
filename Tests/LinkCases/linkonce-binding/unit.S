#if defined(WEAK_LINKONCE) || defined(STRONG_LINKONCE)
  .section .gnu.linkonce.t.number, "ax", @progbits
#else
  .section .text.number, "axG", @progbits, number, comdat
#endif
#if defined(WEAK_LINKONCE) || defined(WEAK_GROUP)
  .weak number
#define NUMBER 1
#else
  .globl number
#define NUMBER 9
#endif
  .type number, @function
number:
  mov $NUMBER, %eax
  ret
  .size number, .-number
  .section .note.GNU-stack, "", @progbits
