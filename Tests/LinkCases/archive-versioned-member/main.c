// A member that defines `f@@V1` is found for `f`, in an archive and between --start-lib and --end-lib.
//#kinds: pie no-pie shared
//#each: FORM = archive lazy
//#each: WHO = program library
//#unit: member.c
//#prepare: rm -f libmember.a; ar rcs libmember.a member.o
//#module: libuser.so = user.c
//#compile: -DWHO_$WHO
//#link[library]: libuser.so
//#link[archive]: libmember.a
//#link[lazy]: -Wl,--start-lib member.o -Wl,--end-lib
//#link[shared]: -Wl,--version-script=$SRC/versions
//#without: bfd+lazy GNU ld 2.40 has no --start-lib
//#exit: 6
int f(void), use(void);
int main(void) {
#ifdef WHO_program
  return f();
#else
  return use();
#endif
}
