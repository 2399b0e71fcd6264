// A failed link leaves the previous output as it was, and no temporary beside it. (clang removes
// the output itself.)
//#check: cp $OUT before; mkdir d; cp $OUT d/out
//#check: ! $LINK -pie $SRC/broken.c main.o -o d/out
//#check: cmp d/out before
//#check: ls -A d ~ ^out$
//#check: ls -A d | wc -l ~ ^ *1$
//#drivers: gcc
//#without: bfd removes the old output
//#exit: 3
int main(void) { return 3; }
