// A frame description of 32 bits whose function is too far away.
//#kinds: no-pie
//#link: -Wl,--section-start=.far=0x7f0000000000 -Wl,--no-eh-frame-hdr
//#without: bfd says it in its own words
//#without: mold says it in its own words
//#without: lld says it in its own words
//#expect-error: main.o:(.eh_frame+0x
//#expect-error~: R_X86_64_PC32 against (section '.far'|local symbol) .*out of range: address 0x7f0000000000
  .text
  .globl main
main: ret
  .section .far, "ax", @progbits
  .cfi_startproc
  nop
  ret
  .cfi_endproc
  .section .note.GNU-stack, "", @progbits
