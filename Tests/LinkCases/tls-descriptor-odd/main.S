// A static program has no loader that could resolve a descriptor: what cannot be rewritten is an
// error.
//#kinds: static
//#without: bfd says it in its own words
//#without: lld says it in its own words
//#without: mold says it in its own words
//#expect-error: main.o:(.text+0x4)
//#expect-error: R_X86_64_GOTPC32_TLSDESC against local symbol 'variable' is not on an instruction
//#expect-error: main.o:(.text+0xe): R_X86_64_TLSDESC_CALL
  .text
  .globl main
main:
  add variable_field(%rip), %rax
  .reloc main+4, R_X86_64_GOTPC32_TLSDESC, variable-4
  lea variable@tlsdesc(%rip), %rax
  call *%rax
  .reloc main+14, R_X86_64_TLSDESC_CALL, variable
  ret
  .set variable_field, main
  .section .tdata, "awT", @progbits
variable: .quad 1
  .section .note.GNU-stack, "", @progbits
