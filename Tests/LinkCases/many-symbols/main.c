// More symbols in one object than one worker writes at a time: half of them local, all listed, in
// their order, with their names and sizes.
//#drivers: gcc
//#kinds: static pie shared
//#each: DISCARD = none all
//#object: many.S
//#link: -Wl,--discard-$DISCARD
//#prepare[none]: seq 1 40000 >expected
//#prepare[all]: seq 1 2 40000 >expected
//#prepare: seq 1 2 40000 >exported
//#check: nm -nS $OUT | sed -n 's/^[0-9a-f]* 0*4 [dD] item_//p' | cmp - expected
//#check: nm $OUT | sed -n 's/.* D item_//p' | sort -n | cmp - exported
//#check[shared]: nm -nD $OUT | sed -n 's/.* D item_//p' | cmp - exported
//#check: readelf -sW $OUT !~ Warning
//#timeout: 120
//#exit: 0
extern int item_1, item_39999;
int main(void) { return item_1 != 1 || item_39999 != 39999; }
