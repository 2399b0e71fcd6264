// Of common symbols the largest is the definition: if that is an archive's that --exclude-libs names,
// the variable is not exported, and a library goes on using its own.
//#kinds: pie no-pie
//#drivers: gcc
//#each: LARGEST = archive program
//#compile: -fcommon
//#compile[program]: -DLARGE
//#unit: member.c
//#prepare: ar rcs libmember.a member.o
//#module: libown.so = own.c
//#link: libmember.a libown.so -Wl,--exclude-libs,ALL
//#check[archive]: nm -D $OUT !~ variable
//#check[program]: nm -D $OUT ~ B variable
//#exit[archive]: 0
//#exit[program]: 1
//#without: mold takes the first
//#without: bfd+program hides it for one of any size
#ifdef LARGE
int variable[100];
#else
int variable[3];
#endif
int member(void), own(void);
int main(void) {
  own();
  return member();
}
