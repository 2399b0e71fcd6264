        .globl object, hidden
        object = 0x20000000
        hidden = 0x20000020
        .hidden hidden
        .section .note.GNU-stack,"",@progbits
