// What the program hides, and another library defines: the libraries find that one.
//#kinds: pie no-pie
//#module: libuser.so = user.c
//#module: libother.so = other.c
//#link: -Wl,--no-as-needed
//#link: libuser.so libother.so
//#exit: 12
__attribute__((visibility("hidden"))) int callback(void) { return 2; }
int use(void);
int main(void) { return use() + callback(); }
