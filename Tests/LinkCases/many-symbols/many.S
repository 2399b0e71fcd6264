// Numbers in names come from a macro counter; odd ones are global.
  .altmacro
  .macro make n
item_\n: .long \n
  .size item_\n, 4
  .endm
  .macro export n
  .globl item_\n
  .endm
  .data
  .set counter, 0
  .rept 20000
  .set counter, counter + 1
  export %counter
  make %counter
  .set counter, counter + 1
  make %counter
  .endr
  .section .note.GNU-stack, "", @progbits
