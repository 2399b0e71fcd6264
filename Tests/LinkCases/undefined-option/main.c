// -u extracts a member, --require-defined too, --undefined-glob what matches.
//#each: MODE = -u,wanted --undefined=wanted -undefined=wanted --require-defined=wanted --undefined-glob=want*
//#without: mold+-undefined=wanted is taken for something else
//#without: bfd+--undefined-glob=want* does not have it
//#without: mold+--undefined-glob=want* does not have it
//#without: lld+--require-defined=wanted does not have it
//#unit: member.c
//#prepare: ar rcs libm1.a member.o
//#link: -Wl,$MODE -L. -lm1
//#check: nm $OUT ~ [Tt] wanted
//#exit: 4
int value = 3;
int main(void) { return value; }
