// Relative to the code there is no zero in a position-independent program, and what is not `lea`
// cannot be rewritten: the loader might still find the symbol.
//#kinds: pie
//#without: mold says it in its own words
//#expect-error~: R_X86_64_PC32.*(against|elsewhere).*(recompile)
  .weak elsewhere
  .text
  .globl main
main:
  mov elsewhere(%rip), %rax
  ret
  .section .note.GNU-stack, "", @progbits
