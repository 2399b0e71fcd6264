// .ctors.65335 is priority 65535 - 65335 = 200.
  .section .ctors.65335, "aw", @progbits
  .quad old200
  .section .ctors, "aw", @progbits
  .quad old_a, old_b
  .section .note.GNU-stack, "", @progbits
