// An output that has an IFUNC says that it follows the GNU ABI, also if nothing in it uses the IFUNC.
//#kinds: static static-pie pie no-pie shared
//#check[!lld]: readelf -h $OUT ~ UNIX - GNU
//#check[!lld]: eu-elflint --gnu-ld $OUT !~ unknown type
static int answer(void) { return 42; }
static volatile int never;
int (*resolve(void))(void) { return never ? 0 : answer; }
int chosen(void) __attribute__((ifunc("resolve")));
int main(void) { return 0; }
