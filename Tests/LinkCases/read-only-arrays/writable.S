        .section .table,"aw",@progbits
        .balign 8
        .globl writable
writable:
        .quad last, first
        .section .note.GNU-stack,"",@progbits
