// Exported symbols in sections beyond number 65,279: their numbers are in a table beside `.dynsym`.
//#kinds: shared
//#drivers: gcc
//#object: many.S
//#check: readelf -SW $OUT ~ \.dynsym_shndx +SYMTAB SECTION INDICES
//#check: readelf -dW $OUT ~ SYMTAB_SHNDX
//#check: test "$(nm -D $OUT | grep -c ' [A-Z] in_')" = 2
//#check: readelf --dyn-syms -W $OUT !~ bad section index
//#without: lld lld leaves the table out
//#without: bfd GNU ld leaves the table out
//#without: mold mold leaves the table out
//#timeout: 120
//#exit: 5
extern int in_first, in_last;
int main(void) { return in_first + in_last; }
