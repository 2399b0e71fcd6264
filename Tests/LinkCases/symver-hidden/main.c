// `.symver api, api@V1, hidden` hides the plain name that it leaves in the object, not the version.
//#kinds: shared
//#drivers: gcc
//#object: versions.c
//#link: -Wl,--version-script=$SRC/versions
//#check: readelf --dyn-syms -W $OUT ~ DEFAULT +[0-9]+ api@V1( |$)
//#check: readelf --dyn-syms -W $OUT !~ api@@V1( |$)
//#check: readelf --dyn-syms -W $OUT !~ api$
//#exit: 4
int api(void);
int main(void) { return api(); }
