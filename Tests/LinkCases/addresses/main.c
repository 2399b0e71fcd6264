// -Ttext, -Tdata, --section-start and --image-base put things where they say.
//#kinds: static
//#drivers: gcc
//#each: MODE = text section base
//#link: -nostdlib -nostartfiles
//#link[text]: -Wl,-Ttext=0x10000000 -Wl,-Tdata=0x20000000
//#link[section]: -Wl,--section-start=special=0x30000000
//#link[base]: -Wl,--image-base=0x40000000
//#without: base+bfd does not have it
//#without: mold+text does not place sections
//#without: mold+section does not place sections
//#check[text]: nm $OUT ~ ^0*10000000 T _start
//#check[text]: nm $OUT ~ ^0*200000.. D variable
//#check[section]: nm $OUT ~ ^0*30000000 D special_value
//#check[base]: readelf -lW $OUT ~ LOAD +0x0+ 0x0*40000000
//#exit: 15
__attribute__((section("special"))) int special_value = 7;
int variable = 8;
__attribute__((noreturn)) void _start(void) {
  __asm__ volatile("syscall" ::"a"(60), "D"(special_value + variable));
  __builtin_unreachable();
}
