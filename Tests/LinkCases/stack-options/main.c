// -z stack-size and -z execstack show in PT_GNU_STACK.
//#each: MODE = execstack noexecstack stack-size=1048576
//#link: -Wl,-z,$MODE
//#check[execstack]: readelf -lW $OUT ~ GNU_STACK.*RWE
//#check[noexecstack]: readelf -lW $OUT ~ GNU_STACK.*RW 
//#check[stack-size=1048576]: readelf -lW $OUT ~ GNU_STACK.*0x100000 RW
//#exit: 0
int main(void) { return 0; }
