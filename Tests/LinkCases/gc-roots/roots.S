  .section registry, "a", @progbits
  .long 3, 4
  .section .data.retained_data, "awR", @progbits
retained_data:
  .quad 1
  .size retained_data, 8
  .type retained_data, @object
  .section .data.unretained_data, "aw", @progbits
unretained_data:
  .quad 1
  .section .text.kept_by_option, "ax", @progbits
  .globl kept_by_option
  .hidden kept_by_option
kept_by_option:
  ret
  .section .note.case, "a", @note
  .align 4
  .long 9, 4, 1
  .asciz "CaseNote"
  .align 4
  .long 1
  .section .note.GNU-stack, "", @progbits
