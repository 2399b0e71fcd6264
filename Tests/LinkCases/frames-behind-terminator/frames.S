/* Two functions, each called between a throw and its catch. The frame description of the second one
   lies behind a terminator, as in objects that were joined without reading `.eh_frame`. */
  .text
  .globl first, second
  .type first, @function
  .type second, @function
first:
  subq $8, %rsp
first_call:
  call throwValue@PLT
  addq $8, %rsp
  ret
first_end:
  .size first, . - first
second:
  subq $8, %rsp
second_call:
  call throwValue@PLT
  addq $8, %rsp
  ret
second_end:
  .size second, . - second

  .macro frame name
\name\()_cie:
  .long \name\()_cie_end - . - 4
  .long 0
  .byte 1
  .asciz "zR"
  .uleb128 1
  .sleb128 -8
  .uleb128 16
  .uleb128 1
  .byte 0x1b                    /* pointers: relative, four bytes, signed */
  .byte 0x0c, 7, 8              /* DW_CFA_def_cfa: rsp + 8 */
  .byte 0x80 | 16, 1            /* DW_CFA_offset: the return address */
  .balign 8
\name\()_cie_end:
  .long \name\()_fde_end - . - 4
  .long . - \name\()_cie
  .long \name - .
  .long \name\()_end - \name
  .uleb128 0
  .byte 0x40 | (\name\()_call - \name)  /* DW_CFA_advance_loc */
  .byte 0x0e, 16                        /* DW_CFA_def_cfa_offset */
  .balign 8
\name\()_fde_end:
  .endm

  .section .eh_frame, "a", @unwind
  frame first
  .long 0
  frame second
  .section .note.GNU-stack, "", @progbits
