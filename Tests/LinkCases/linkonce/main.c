// The sections from before there were groups: the first of a name is kept, and against a group that
// holds the same function, too.
//#kinds: static static-pie pie no-pie shared
//#each: first = -DLINKONCE -DGROUP
//#each: second = -DLINKONCE -DGROUP
//#without: lld does not elect them
//#without: mold does not elect them
//#object: unit.S $first -DNUMBER=3 -> first.o
//#object: unit.S $second -DNUMBER=4 -> second.o
//#check: readelf -SW $OUT ~ \.debug_info +PROGBITS +[0-9a-f]+ [0-9a-f]+ 00000c
//#check: readelf -x .debug_references $OUT ~ 0c000000 00000000 0c000000 00000000
//#check: test $(strings -a $OUT | grep -c constant) = 1
//#check: test $(readelf --debug-dump=frames $OUT | grep -c 'FDE.*pc=0*'$(nm $OUT | awk '/ number$/ {sub("^0*", "", $1); print $1}')) = 1
//#check[weld]: $RELINK -Wl,--gc-sections,--print-gc-sections -o again 2>&1 !~ second.o.*linkonce
//#exit: 33
int number(void);
extern int data;
int main(void) { return number() * 10 + data; }
