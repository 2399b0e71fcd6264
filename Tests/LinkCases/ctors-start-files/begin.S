  .section .ctors, "aw", @progbits
  .globl first_constructor
first_constructor: .quad -1
  .section .dtors, "aw", @progbits
  .globl first_destructor
first_destructor: .quad -1
  .section .note.GNU-stack, "", @progbits
