// What --gc-sections keeps: sections with C names that are referred to, SHF_GNU_RETAIN, arrays of
// constructors, notes, -u symbols, the entry; and what keeps a C-named section is __start_ alone.
//#kinds: static pie shared
//#compile: -ffunction-sections -fdata-sections
//#object: roots.S
//#link: -Wl,--gc-sections -Wl,-u,kept_by_option -Wl,-z,nostart-stop-gc
//#check: readelf -sW $OUT ~ retained_data
//#check: readelf -sW $OUT ~ kept_by_option
//#check: readelf -nW $OUT ~ CaseNote
//#check: readelf -sW $OUT !~ unretained_data
//#exit: 7
extern const int __start_registry[], __stop_registry[];
int main(void) {
  int sum = 0;
  for (const int *p = __start_registry; p < __stop_registry; p++) sum += *p;
  return sum;
}
