// Archives as the various tools write them. Only members that are needed come in.
//#needs: llvm-ar-19
//#each: FORMAT = gnu thin noindex bsd nested again unsorted
//#unit: one.c
//#unit: two.c -> a-member-name-longer-than-fifteen.o
//#unit: unneeded.c
//#prepare[gnu]: ar rcs libx.a one.o a-member-name-longer-than-fifteen.o unneeded.o
//#prepare[thin]: ar rcsT libx.a one.o a-member-name-longer-than-fifteen.o unneeded.o
//#prepare[noindex]: ar rcS libx.a one.o a-member-name-longer-than-fifteen.o unneeded.o
//#prepare[bsd]: llvm-ar-19 --format=bsd rcs libx.a one.o a-member-name-longer-than-fifteen.o unneeded.o
//#prepare[nested]: mkdir -p d/e; mv one.o d/e; ar rcsT libx.a d/e/one.o a-member-name-longer-than-fifteen.o unneeded.o
//#prepare[again]: ar rcs libx.a a-member-name-longer-than-fifteen.o one.o unneeded.o; cp libx.a liby.a
//#prepare[unsorted]: ar rcs libx.a one.o a-member-name-longer-than-fifteen.o unneeded.o
//#prepare[unsorted]: cp libx.a old.a; dd if=old.a of=libx.a bs=1 skip=72 seek=76 count=4 conv=notrunc; dd if=old.a of=libx.a bs=1 skip=76 seek=72 count=4 conv=notrunc; printf 'two\0one' | dd of=libx.a bs=1 seek=84 conv=notrunc
//#without: bfd+noindex GNU ld wants an index
//#without: bfd+bsd and has no use for a BSD one
//#link: -L. -lx
//#link[again]: -lx -ly ./libx.a
//#check: nm $OUT !~ unneeded
//#exit: 3
int one(void);
int main(void) { return one(); }
