// Numbers in section names come from a macro counter.
  .altmacro
  .macro make n
  .section .data.s\n, "aw", @progbits
value\n: .long \n
  .endm
  .set counter, 0
  .rept 70000
  .set counter, counter + 1
  make %counter
  .endr
  .section .data.s1
  .globl first_value
  .set first_value, value1
  .section .data.last, "aw", @progbits
  .globl last_value
last_value:
  .long 70000
  .text
  .globl call_last
call_last:
  mov value69999(%rip), %eax
  ret
  .section .note.GNU-stack, "", @progbits
