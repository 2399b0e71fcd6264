        .section .note.four,"a",@note
        .balign 4
        .long 4, 4, 1, 0x0041, 7
        .section .note.eight,"a",@note
        .balign 8
        .long 4, 4, 1, 0x0041, 7
        .section .note.late,"aw",@note
        .balign 4
        .long 4, 4, 1, 0x0041, 7
        .section .note.GNU-stack,"",@progbits
