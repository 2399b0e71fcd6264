// -z separate-code keeps code and data in pages of their own; noseparate-code need not. Both run.
//#kinds: static pie no-pie
//#each: MODE = separate-code noseparate-code
//#link: -Wl,-z,$MODE
//#check[separate-code]: readelf -lW $OUT | awk '/LOAD.*R E/ { if ($3 % 4096) exit 1 }'
//#check: readelf -lW $OUT !~ LOAD.*RWE
//#exit: 4
static const int constant = 3;
static int variable = 1;
int main(void) { return *(const volatile int *)&constant + *(volatile int *)&variable; }
