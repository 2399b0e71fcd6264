        .section .tbss,"awT",@nobits
        .balign 16
        .globl first
first:  .zero 512
        .section .tother,"awT",@nobits
        .globl second
second: .zero 512
        .section .tthird,"awT",@nobits
        .balign 0x4000
        .globl third
third:  .zero 40
        .section .tfourth,"awT",@progbits
        .globl fourth
fourth: .quad 77
        .section .tfifth,"aT",@progbits
        .globl fifth
fifth:  .quad 78
        .section .note.GNU-stack,"",@progbits
