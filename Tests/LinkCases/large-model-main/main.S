// Start-up code of a static PIE reads the address of main before it relocates itself: the reference
// is direct, although main is in a section of the large model.
//#kinds: static-pie pie static
//#drivers: gcc
//#without: bfd+static-pie the reference stays indirect, and the program crashes
//#check[static-pie]: objdump -d --no-show-raw-insn --disassemble=_start $OUT ~ lea .*<main>
//#exit: 42
        .section .ltext,"axl",@progbits
        .globl main
        .type main, @function
main:
        movl $42, %eax
        ret
        .size main, .-main
        .section .note.GNU-stack,"",@progbits
