  .text
  mov $far_away, %eax
  .data
  .long far_away - .
  .byte far_away
  .section .note.GNU-stack, "", @progbits
