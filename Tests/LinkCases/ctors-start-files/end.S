  .section .ctors, "aw", @progbits
  .globl last_constructor
last_constructor: .quad 0
  .section .dtors, "aw", @progbits
  .globl last_destructor
last_destructor: .quad 0
  .section .note.GNU-stack, "", @progbits
