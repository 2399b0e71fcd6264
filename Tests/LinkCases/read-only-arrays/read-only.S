        .section .init_array,"a",@init_array
        .balign 8
        .quad first
        .section .fini_array,"a",@fini_array
        .balign 8
        .quad last
        .section .ctors,"a",@progbits
        .balign 8
        .quad constructor
        .section .dtors,"a",@progbits
        .balign 8
        .quad destructor
        .section .table,"a",@progbits
        .balign 8
        .globl read_only
read_only:
        .quad first, puts
        .section .note.GNU-stack,"",@progbits
