// --no-check-sections: sections may lie where others are, if the user says so.
//#kinds: no-pie static
//#drivers: gcc
//#without: lld goes on to other errors
//#without: mold checks nothing
//#link: -Wl,--no-check-sections
//#prepare: printf -- '-Wl,--section-start=.one=0x10000000 -Wl,--section-start=.two=0x10000000' > starts
//#check: $RELINK @starts -o overlapping && readelf -SW overlapping | grep -c '0000000010000000' ~ ^2$
//#check: ! $LINK $KINDFLAGS main.o @starts -Wl,--check-sections -o none 2> said && grep -i overlap said
__attribute__((section(".one"))) int one = 1;
__attribute__((section(".two"))) int two = 1;
int main(void) { return one - two; }
