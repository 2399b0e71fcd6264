// What a library under --as-needed leaves undefined is looked for in archives if the library is going
// to be loaded: because something uses it, or a library that is loaded names it.
//#kinds: pie no-pie
//#drivers: gcc
//#each: USE = unused directly through
//#module: libasks.so = asks.c | -Wl,--allow-shlib-undefined
//#module: libouter.so = outer.c | libasks.so -Wl,--no-as-needed
//#unit: member.c
//#prepare: ar rcs libmember.a member.o
//#compile[directly]: -DDIRECTLY
//#compile[through]: -DTHROUGH
//#link[unused,directly]: -Wl,--as-needed libasks.so libmember.a
//#link[through]: -Wl,--as-needed libouter.so libasks.so libmember.a
//#check[unused]: nm $OUT !~ T member
//#check[directly,through]: nm -D $OUT ~ T member
//#without: lld+unused takes the member
//#without: bfd+through drops the library before something names it, and fails
//#exit[unused]: 0
//#exit[directly]: 5
//#exit[through]: 5
int member(void) __attribute__((weak));
int asks(void), outer(void);
#if defined DIRECTLY
int main(void) { return asks(); }
#elif defined THROUGH
int main(void) { return outer(); }
#else
int main(void) { return member ? member() : 0; }
#endif
