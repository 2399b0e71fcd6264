  .section .ctors, "aw", @progbits
  .quad old
  .section .note.GNU-stack, "", @progbits
