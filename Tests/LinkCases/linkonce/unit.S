// Twice: the first file of the command line counts.
#ifdef LINKONCE
  .section .gnu.linkonce.t.number, "ax", @progbits
#else
  .section .text.number, "axG", @progbits, number, comdat
#endif
  .weak number
  .type number, @function
number:
  .cfi_startproc
  mov $NUMBER, %eax
  ret
  .cfi_endproc
  .size number, .-number
  // Constants go with the code of their name; where that is a group, they are elected themselves.
  .section .gnu.linkonce.r.number, "a", @progbits
  .ascii "constant"
  .section .gnu.linkonce.d.data, "aw", @progbits
  .globl data
data:
  .long NUMBER
  // References from debug information to a dropped section go to the kept one.
  .section .gnu.linkonce.wi.unit, "", @progbits
#if NUMBER == 3
  .globl unit
unit:
#endif
  .long 2f - 1f
1:
  .short 4
  .long 0
  .byte 8, 0
2:
.Lend:
  .section .debug_references, "", @progbits
  .quad .Lend
  .section .note.GNU-stack, "", @progbits
