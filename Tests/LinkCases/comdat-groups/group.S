// Both objects have the group `signature`; each object's own code refers to its symbol.
#ifdef SECOND
  .globl pointer
#define NUMBER 100
#define NAME pointer
#else
  .globl value
#define NUMBER 6
#define NAME value
#endif
  .section .data.shared, "awG", @progbits, signature, comdat
  .globl shared_number
shared_number:
  .long NUMBER
  .section .text.shared, "axG", @progbits, signature, comdat
  .globl shared_function
shared_function:
  lea shared_number(%rip), %rax
  ret
  .text
NAME:
#ifdef SECOND
  jmp shared_function@PLT
#else
  call shared_function@PLT
  mov (%rax), %eax
  ret
#endif
  .section .note.GNU-stack, "", @progbits
