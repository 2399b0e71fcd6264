// The message names the object, the library, and where lld's users find the option.
//#kinds: pie
//#drivers: clang
//#without: bfd does not read .deplibs
//#without: mold does not read .deplibs
//#expect-error: main.o: unable to find
//#expect-error: nowhere-to-be-found
//#expect-error[weld]: --no-dependent-libraries
  .text
  .globl main
main: ret
  .section .deplibs, "MS", @llvm_dependent_libraries, 1
  .asciz "nowhere-to-be-found"
  .section .note.GNU-stack, "", @progbits
