  .text
  .globl address
address:
  movabs $variable, %rax
  ret
  .section .note.GNU-stack, "", @progbits
