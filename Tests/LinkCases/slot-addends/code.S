  .globl upper_half
upper_half:
  mov variable@GOTPCREL+4(%rip), %eax
  ret
  .section .note.GNU-stack, "", @progbits
