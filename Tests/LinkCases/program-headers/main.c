// The table of program headers ends where what comes next begins, whatever segments there are: tools
// that take programs apart complain of bytes that belong to nothing.
//#kinds: static static-pie pie no-pie shared
//#drivers: gcc
//#compile: -g
//#object: notes.S
//#without: lld has its own options
//#without: mold has its own options
//#without: bfd leaves headers unused
//#needs: python3 objcopy
//#check: python3 $SRC/check.py $OUT
//#check: sh $SRC/variants.sh
_Thread_local int local = 3;
int zero[100];
int data = 5;
int main(void) { return data - local - 2 + zero[3]; }
