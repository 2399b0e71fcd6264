  .section nothing, "aw", @progbits
  .globl first, second
  .type first, @object
  .type second, @object
first:
second:
  .data
  .globl main_data
main_data:
  .long 1
  .section .note.GNU-stack, "", @progbits
