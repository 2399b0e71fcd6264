// A library cannot meet a hidden or protected reference, so an archive behind it is asked.
//#kinds: pie no-pie shared
//#each: VISIBILITY = hidden protected
//#each: FORM = archive lazy
//#unit: member.c
//#module: libf.so = library.c
//#prepare: rm -f libmember.a; ar rcs libmember.a member.o
//#compile: -DVISIBILITY="$VISIBILITY"
//#link[archive]: libf.so libmember.a
//#link[lazy]: libf.so -Wl,--start-lib member.o -Wl,--end-lib
//#without: bfd+lazy GNU ld 2.40 has no --start-lib
//#exit: 2
#define text(x) #x
#define visibility(v) __attribute__((visibility(text(v))))
visibility(VISIBILITY) int f(void);
int main(void) { return f(); }
