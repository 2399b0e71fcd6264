// Addresses below those of what comes before: program headers are in ascending order all the same,
// and the file's headers make room.
//#kinds: static
//#drivers: gcc
//#each: MODE = data text headers
//#link: -nostdlib -nostartfiles
//#link[data]: -Wl,-Ttext=0x5000000 -Wl,-Tdata=0x3000000
//#link[text]: -Wl,-Ttext=0x300000
//#link[headers]: -Wl,-Ttext=0x400000
//#check: readelf -lW $OUT | awk '/LOAD/ { print $3 }' | sort -c
//#without: lld+text does not sort program headers
//#without: mold places sections in its own way
//#exit: 8
int variable = 8;
__attribute__((noreturn)) void _start(void) {
  __asm__ volatile("syscall" ::"a"(60), "D"(variable));
  __builtin_unreachable();
}
