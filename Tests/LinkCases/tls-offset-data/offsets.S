  .section .tdata, "awT", @progbits
  .balign 8
  .quad 99
local: .quad 11
  .quad 22
  .globl exported
  .type exported, @tls_object
  .size exported, 8
exported: .quad 33
  .globl hidden
  .hidden hidden
hidden: .quad 44
  .data
  .macro word name, expression
  .globl \name
  .type \name, @object
  .size \name, 8
\name: .quad \expression
  .endm
  .balign 8
  word local_offset, local@tpoff
  word local_next_offset, local@tpoff+8
  word hidden_offset, hidden@tpoff
  word exported_offset, exported@tpoff
  .section .note.GNU-stack, "", @progbits
