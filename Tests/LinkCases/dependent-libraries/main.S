// Objects name libraries in .deplibs: as -l, as a file in the search path, or by a path. A member
// of an archive brings one after the archives were searched; names that nobody loads count for
// nothing. `second` is also in an archive of the command line, which comes first.
//#kinds: static pie no-pie
//#each: WAY = name file path
//#without: bfd does not read .deplibs
//#without: mold does not read .deplibs
//#drivers: clang
//#unit: parts.S -DFIRST -> first.o
//#unit: parts.S -DSECOND -> second.o
//#unit: parts.S -DOTHER -> other.o
//#unit: parts.S -DTHIRD -> third.o
//#prepare: mkdir libs; ar rc libfirst.a first.o; ar rc libs/libdeep.a third.o other.o
//#prepare: ar rc libsecond.a second.o
//#compile[name]: -DNAME="first"
//#compile[file]: -DNAME="libfirst.a"
//#compile[path]: -DNAME="./libfirst.a"
//#link: libsecond.a -L. -Llibs
//#check: ! $RELINK -Wl,--no-dependent-libraries -o no
//#check: readelf -SW $OUT !~ deplibs
//#exit: 7
#define STRING_(x) #x
#define STRING(x) STRING_(x)
  .text
  .globl main
  .type main, @function
main:
  jmp first
  .section .deplibs, "MS", @llvm_dependent_libraries, 1
  .asciz STRING(NAME)
  .asciz STRING(NAME)
  .section .note.GNU-stack, "", @progbits
