// Instructions with a REX2 or EVEX prefix (APX): the register's high bits move with the register.
// The assembler need not know them: a script gives the relocations their types. Processors need not
// either: the code is looked at, not run.
//#kinds: no-pie
//#drivers: gcc
//#each: TYPES = new old
//#unit: code.S -> code.o
//#prepare: python3 $SRC/types.py code.o $TYPES typed.o
//#link: typed.o
//#needs: python3
//#without: lld+new knows these types only in newer versions
//#without: bfd+new knows these types only in newer versions
//#without: lld+old takes REX2 for REX
//#without: bfd+old takes REX2 for REX
//#check[new]: $SRC/bytes.sh $OUT ~ ^d5488d05........d51981fb........d518f7c6........d518c7c0fcffffffd51981c7fcffffff62d4fc1081c0fcffffff62fc841081c4fcffffffd518c7c0fcffffff$
//#check[old]: $SRC/bytes.sh $OUT ~ ^d5488d05........d54c3b1d........d5488535........d5488b05........d54c033d........6274fc100305........62e484100125........
//#exit: 0
int variable = 1;
__thread int local = 2;
int main(void) { return 0; }
