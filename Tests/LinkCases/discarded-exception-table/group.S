  .section .text.common_function, "axG", @progbits, common_function, comdat
  .weak common_function
common_function:
.Lstart:
  mov $7, %eax
  ret
.Lend:
local_label:
  .section .gcc_except_table, "a", @progbits
  .long local_label - .
  .section .note.GNU-stack, "", @progbits
