  .section .apx, "ax", @progbits
  // movq variable@GOTPCREL(%rip), %r16
  .byte 0xd5, 0x48, 0x8b, 0x05
1: .long 0
  .reloc 1b, R_X86_64_REX_GOTPCRELX, variable - 4
  // cmpq variable@GOTPCREL(%rip), %r27
  .byte 0xd5, 0x4c, 0x3b, 0x1d
2: .long 0
  .reloc 2b, R_X86_64_REX_GOTPCRELX, variable - 4
  // testq %r22, variable@GOTPCREL(%rip)
  .byte 0xd5, 0x48, 0x85, 0x35
3: .long 0
  .reloc 3b, R_X86_64_REX_GOTPCRELX, variable - 4
  // movq local@GOTTPOFF(%rip), %r16
  .byte 0xd5, 0x48, 0x8b, 0x05
4: .long 0
  .reloc 4b, R_X86_64_GOTTPOFF, local - 4
  // addq local@GOTTPOFF(%rip), %r31
  .byte 0xd5, 0x4c, 0x03, 0x3d
5: .long 0
  .reloc 5b, R_X86_64_GOTTPOFF, local - 4
  // addq local@GOTTPOFF(%rip), %r8, %r16
  .byte 0x62, 0x74, 0xfc, 0x10, 0x03, 0x05
6: .long 0
  .reloc 6b, R_X86_64_GOTTPOFF, local - 4
  // addq %r20, local@GOTTPOFF(%rip), %r31
  .byte 0x62, 0xe4, 0x84, 0x10, 0x01, 0x25
7: .long 0
  .reloc 7b, R_X86_64_GOTTPOFF, local - 4
  // leaq local@TLSDESC(%rip), %r16
  .byte 0xd5, 0x48, 0x8d, 0x05
8: .long 0
  .reloc 8b, R_X86_64_GOTPC32_TLSDESC, local - 4
  .section .note.GNU-stack, "", @progbits
