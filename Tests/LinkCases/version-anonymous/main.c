// A version script without a version only hides; so does -Wl,--version-script as gcc's users write it.
//#kinds: shared
//#prepare: echo '{ global: main; local: *; };' > x.map
//#link: -Wl,--version-script,x.map
//#check: nm -D $OUT ~ T main$
//#check: nm -D $OUT !~ secret
//#check: readelf -VW $OUT !~ version definition section
int secret(void) { return 0; }
int main(void) { return secret(); }
