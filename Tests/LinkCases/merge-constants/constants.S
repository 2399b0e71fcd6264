#ifdef SECOND
#define NAME(x) second_##x
#else
#define NAME(x) first_##x
#endif
  .section .rodata.cst4, "aM", @progbits, 4
#ifndef SECOND
  .long 7
#endif
.Lfour:
  .long 44
  .section .rodata.cst8, "aM", @progbits, 8
  .align 8
#ifdef SECOND
  .double 1.5
#endif
.Lpi:
  .double 3.25
  .section .rodata.cst16, "aM", @progbits, 16
  .align 16
  .quad 9, 9
.Lsixteen:
  .quad 1, 2
  .data
  .globl NAME(four), NAME(pi), NAME(sixteen)
NAME(four): .quad .Lfour
NAME(pi): .quad .Lpi
NAME(sixteen): .quad .Lsixteen
  .section .note.GNU-stack, "", @progbits
