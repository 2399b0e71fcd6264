        .bss
        .globl huge
huge:   .zero 0x84000000
        .section .note.GNU-stack,"",@progbits
