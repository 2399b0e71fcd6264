  .macro function name
  .globl \name
\name:
  .endm
  .hidden variable, target
  .weak missing
  .hidden missing
  .text
function load
  mov variable@GOTPCREL(%rip), %rax
  ret
function compare
  lea variable(%rip), %rcx
  xor %eax, %eax
  cmp variable@GOTPCREL(%rip), %rcx
  sete %al
  ret
function add
  mov $5, %r9d
  add variable@GOTPCREL(%rip), %r9
  mov %r9, %rax
  ret
function test
  mov variable@GOTPCREL(%rip), %r11
  xor %eax, %eax
  test %r11, variable@GOTPCREL(%rip)
  setne %al
  ret
function call
  sub $8, %rsp
  call *target@GOTPCREL(%rip)
  add $8, %rsp
  ret
function tail
  jmp *target@GOTPCREL(%rip)
function missing_address
  mov missing@GOTPCREL(%rip), %rax
  ret
  .section .note.GNU-stack, "", @progbits
