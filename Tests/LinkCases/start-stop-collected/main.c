// -z start-stop-gc: if nothing of a section is left, weak references to its bounds find zero.
//#kinds: static pie no-pie
//#link: -Wl,--gc-sections -Wl,-z,start-stop-gc
//#check: readelf -SW $OUT !~ records
//#exit: 0
extern char __start_records[] __attribute__((weak)), __stop_records[] __attribute__((weak));
extern char __start_kept[], __stop_kept[];
__attribute__((section("records"))) int dropped = 5;
__attribute__((section("kept"), used, retain)) int value = 6;
int main(void) {
  char *volatile start = __start_records, *volatile stop = __stop_records;
  if (start || stop) return 1;
  return __stop_kept - __start_kept != sizeof value;
}
