  .weak nowhere, elsewhere
  .hidden nowhere
  .text
  .globl hidden_in_rax
  .type hidden_in_rax, @function
hidden_in_rax:
  lea nowhere(%rip), %rax
  test %rax, %rax
  jz 1f
  call nowhere
  call elsewhere@PLT
  jmp nowhere
1: ret
  .globl hidden_in_r12
  .type hidden_in_r12, @function
hidden_in_r12:
  push %r12
  lea nowhere(%rip), %r12
  mov %r12, %rax
  pop %r12
  ret
  // As older assemblers write a call.
  .byte 0xe8
  .reloc ., R_X86_64_PC32, elsewhere-4
  .long 0
  .section .note.GNU-stack, "", @progbits
