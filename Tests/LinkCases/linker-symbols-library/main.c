// The bounds that a library asks for are those of the executable, which need not mention them.
//#kinds: pie no-pie
//#without: mold every output keeps its bounds to itself
//#shared[weld]: libbounds.so = library.c -DOWN
//#shared[!weld]: libbounds.so = library.c
//#check: readelf -W --dyn-syms $OUT ~ NOTYPE +GLOBAL DEFAULT +[0-9]+ _end$
//#check: readelf -W --dyn-syms libbounds.so ~ NOTYPE +GLOBAL DEFAULT +[0-9]+ _end$
//#check[weld]: readelf -W --dyn-syms $OUT !~ [ ]edata
//#exit: 0
extern char *const bounds[], *library_end(void);
int own(void);
int zero[1000], data[] = {1};
static int is_between(void *low, void *middle, void *high) { return low <= middle && middle <= high; }
int main(void) {
  if (library_end() != bounds[3]) return 1;
  if (!is_between(main, bounds[0], data)) return 2;
  if (!is_between(data + 1, bounds[2], bounds[3])) return 3;
  if (!is_between(bounds[1], zero, bounds[3])) return 4;
  if (!is_between(zero + 1000, bounds[3], (char *)zero + (1 << 20))) return 5;
  return own() != 3;
}
