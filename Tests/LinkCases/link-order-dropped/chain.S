// A chain: each says something about the one before, the first about a member of the group. Linked
// twice, the second time with the group dropped.
  .section .text.grouped, "axG", @progbits, grouped, comdat
  .weak grouped
grouped:
.Lgrouped:
  mov $0, %eax
  ret
  .section third, "ao", @progbits, second
  .quad 3
  .section second, "ao", @progbits, first
  .quad 2
  .section first, "ao", @progbits, .text.grouped
  .quad .Lgrouped - .
  .section ring_a, "ao", @progbits, ring_b
  .quad 4
  .section ring_b, "ao", @progbits, ring_a
  .quad 5
  // Not loaded.
  .section .about, "o", @progbits, .text.grouped
  .quad 6
  .section .note.GNU-stack, "", @progbits
