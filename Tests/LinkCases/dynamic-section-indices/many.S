  .altmacro
  .macro value number
  .section keep_\number, "aw"
  .long 0
  .endm
  .globl in_first, in_last
  .section first, "aw"
  .type in_first, @object
  .size in_first, 4
in_first: .long 2
  .set n, 0
  .rept 66000
  value %n
  .set n, n + 1
  .endr
  .section zlast, "aw"
  .type in_last, @object
  .size in_last, 4
in_last: .long 3
  .section .note.GNU-stack, "", @progbits
