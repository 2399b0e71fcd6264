// The entries are written in another order than the functions.
  .macro function name
  .section .text.\name, "ax", @progbits
  .globl \name
\name: ret
  .endm
  .macro entry name
  .section ordered, "awo", @progbits, \name, unique, 1\@
  .quad \name
  .endm
  function two
  function dead_function
  function one
  function three
  entry one
  entry dead_function
  entry three
  entry two
  .section .note.GNU-stack, "", @progbits
