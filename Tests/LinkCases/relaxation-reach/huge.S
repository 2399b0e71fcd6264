  .section .bss.zz, "aw", @nobits
  .globl huge, last
huge:
  .skip 3000000000
last:
  .skip 16
  .section .note.GNU-stack, "", @progbits
