// What configure scripts, meson, CMake and libtool ask before they trust a linker.
//#drivers: gcc
//#without: lld prints no list of emulations
//#check: $LINKER --version ~ GNU
//#check: $LINKER -v ~ GNU
//#check: $LINKER --help ~ no-whole-archive
//#check: $LINKER --help ~ : supported targets:.* elf
//#check: $LINKER --help ~ : supported emulations:.* elf_x86_64
//#check: $LINK -Wl,--version ~ GNU
//#check: $LINK main.o -Wl,-v -o probe && test -x probe
//#check: $LINKER; test $? = 1
//#check: $LINKER -V ~ elf_x86_64
int main(void) { return 0; }
