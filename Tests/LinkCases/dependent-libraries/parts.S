  .text
#ifdef FIRST
  .globl first
first: jmp second
#endif
#ifdef SECOND
  .globl second
second: jmp third
  .section .deplibs, "MS", @llvm_dependent_libraries, 1
  .asciz "deep"
#endif
#ifdef THIRD
  .globl third
third:
  mov $7, %eax
  ret
#endif
#ifdef OTHER
  .globl second, other
other:
second:
  mov $9, %eax
  ret
  .section .deplibs, "MS", @llvm_dependent_libraries, 1
  .asciz "nobody-needs-this"
#endif
  .section .note.GNU-stack, "", @progbits
