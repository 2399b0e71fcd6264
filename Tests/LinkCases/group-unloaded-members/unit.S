// Each unit: a group of code and what is not loaded, one that nothing calls, one that has nothing to
// load; and references to the members from outside.
#define GROUP(name) \
  .section .text.name, "axG", @progbits, name, comdat; \
  .globl name; \
  .type name, @function; \
name: \
  mov $7, %eax; \
  ret; \
  .section .aside, "G", @progbits, name, comdat; \
  .ascii "of " #name

#ifdef FIRST
  // So that no member begins where what is gone seems to be.
  .section .aside, "", @progbits
  .ascii "in front"
  .section .debug_macro, "", @progbits
  .ascii "in front"
#endif
  GROUP(shared)
.Laside_shared:
  GROUP(uncalled)
.Laside_uncalled:
  .section .debug_macro, "G", @progbits, macros, comdat
.Lmacros:
  .ascii "macros"
  // The groups are not the same: nothing stands for this.
  .section .aside, "G", @progbits, different, comdat
.Ldifferent:
#ifdef FIRST
  .ascii "different"
#else
  .ascii "difference"
#endif
  // Nor for this, which has the size of another section.
#ifdef FIRST
  .section .renamed, "G", @progbits, renamed, comdat
#else
  .section xrenamed, "G", @progbits, renamed, comdat
#endif
.Lrenamed:
  .ascii "renamed"
  .section .debug_references, "", @progbits
  .quad .Laside_shared, .Laside_uncalled, .Lmacros, .Ldifferent, .Lrenamed + 1
  .section .note.GNU-stack, "", @progbits
