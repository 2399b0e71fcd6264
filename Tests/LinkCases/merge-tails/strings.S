  .section .rodata.str1.1, "aMS", @progbits, 1
  .globl head, tail
head:
  .asciz "a long head with a unique tail"
tail:
  .asciz "unique tail"
  .data
  .globl in_middle, one_char
// A section symbol plus an addend, as assemblers write local references.
in_middle:
  .quad .rodata.str1.1 + 31 + 7
one_char:
  .quad .rodata.str1.1 + 31 + 3
  .section .note.GNU-stack, "", @progbits
