// What only a library refers to, and another library defines, is that one's: an archive has no say,
// before them or behind.
//#kinds: pie no-pie
//#drivers: gcc
//#each: archive = before behind
//#each: reference = weak none
//#each: needed = as-needed no-as-needed
//#without: bfd+as-needed drops the library before it knows, and the archive has a say
//#without: lld+as-needed drops the library, and the program does not start
//#compile[weak]: -DWEAK
//#unit: member.c
//#prepare: ar rcs libmember.a member.o
//#module: libhas.so = has.c
//#module: libasks.so = asks.c | -Wl,--allow-shlib-undefined
//#link[before]: -Wl,--$needed libmember.a libhas.so libasks.so
//#link[behind]: -Wl,--$needed libhas.so libasks.so libmember.a
//#without: mold takes what comes first
//#exit[weak]: 3
//#exit[none]: 3
#ifdef WEAK
extern int which(void) __attribute__((weak));
int (*volatile unused)(void) = which;
#endif
int asks(void);
int main(void) { return asks(); }
