int inner(void);
#define text(x) #x
#define symver(v) __asm__(".symver inner, f@" text(v))
symver(VERSION);
int use(void) { return inner(); }
