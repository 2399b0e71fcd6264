  .section case_excluded, "e", @progbits
  .asciz "only in the object"
  .section case_plain, "", @progbits
  .asciz "also in the output"
  .section .note.GNU-stack, "", @progbits
