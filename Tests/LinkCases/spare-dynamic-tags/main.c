// --spare-dynamic-tags leaves entries free for tools that change outputs.
//#kinds: pie no-pie shared
//#each: count = 0 7
//#without: lld has the option and leaves no room
//#without: mold leaves what it likes
//#without: 0+bfd leaves what it reserved and did not need
//#link: -Wl,--spare-dynamic-tags=$count
//#check[7]: test $(objdump -s -j .dynamic $OUT | tail -7 | grep -c '00000000 00000000 00000000 00000000') = 7
//#check[0]: test $(objdump -s -j .dynamic $OUT | tail -7 | grep -c '00000000 00000000 00000000 00000000') = 1
int main(void) { return 0; }
