// A version of a name has one definition, whether the name calls it the default one or not.
//#kinds: shared
//#each: PLACE = one two
//#object: first.c -DPLACE_$PLACE
//#object[two]: second.c
//#link: -Wl,--version-script=$SRC/versions
//#expect-error~: duplicate|multiple definition
//#expect-error: h
//#without: mold mold writes both
int main(void) { return 0; }
