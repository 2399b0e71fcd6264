// -z max-page-size sets the segments' alignment; addresses stay congruent to offsets.
//#kinds: static pie
//#each: SIZE = 4096 0x4000 2097152
//#link: -Wl,-z,max-page-size=$SIZE
//#check[4096]: readelf -lW $OUT ~ LOAD.* 0x1000$
//#check[0x4000]: readelf -lW $OUT ~ LOAD.* 0x4000$
//#check[2097152]: readelf -lW $OUT ~ LOAD.* 0x200000$
//#exit: 1
static int variable = 1;
int main(void) { return *(volatile int *)&variable; }
