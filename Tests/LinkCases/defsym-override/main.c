// --defsym replaces what an object defines, without a word about duplicates.
//#kinds: static pie no-pie
//#link: -Wl,--defsym=which=second
//#exit: 6
int which(void) { return 5; }
int second(void) { return 6; }
int (*volatile pointer)(void) = which;
int main(void) { return pointer(); }
