// A shared library that only an object names is a needed library.
//#kinds: pie no-pie
//#drivers: clang
//#without: bfd does not read .deplibs
//#without: mold does not read .deplibs
//#module: libvalue.so = value.c
//#link: -L.
//#check: readelf -dW $OUT ~ NEEDED.*libvalue
//#exit: 5
  .text
  .globl main
  .type main, @function
main:
  sub $8, %rsp
  call value@PLT
  add $8, %rsp
  ret
  .section .deplibs, "MS", @llvm_dependent_libraries, 1
  .asciz "value"
  .section .note.GNU-stack, "", @progbits
