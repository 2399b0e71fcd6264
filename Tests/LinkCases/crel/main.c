// Compact relocations (CREL) as newer clangs write them.
//#drivers: gcc
//#kinds: pie static
//#needs: swiftc
//#without: bfd does not know them
//#without: lld knows them only in newer versions
//#without: mold does not know them
//#prepare: "$(dirname "$(readlink -f "$(command -v swiftc)")")/clang" -c -O1 -fPIE -ffunction-sections -Wa,--crel,--allow-experimental-crel $SRC/other.c -o crel.o
//#link: crel.o
//#exit: 21
int call(int), *table_entry(int);
int main(void) { return call(10) + *table_entry(2); }
