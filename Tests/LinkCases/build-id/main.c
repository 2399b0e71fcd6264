// Every style of build identifier, its size, and that it depends on the content only.
//#drivers: gcc
//#each: STYLE = md5 sha1 uuid 0x0123456789abcdef none tree fast
//#without: bfd+tree does not have it
//#without: bfd+fast does not have it
//#without: mold+tree does not have it
//#without: mold+fast does not have it
//#link: -Wl,--build-id=$STYLE
//#check[none]: readelf -nW $OUT !~ Build ID
//#check[md5,uuid]: readelf -nW $OUT ~ Build ID: [0-9a-f]{32}$
//#check[tree,sha1]: readelf -nW $OUT ~ Build ID: [0-9a-f]{40}$
//#check[0x0123456789abcdef]: readelf -nW $OUT ~ Build ID: 0123456789abcdef$
//#check[fast]: readelf -nW $OUT ~ Build ID: [0-9a-f]{16,40}$
//#check[md5,sha1,tree,fast]: $RELINK -o again && cmp again $OUT
//#check[sha1]: $RELINK -Wl,--build-id -o plain && readelf -nW plain | grep -qE 'Build ID: [0-9a-f]{40}$'
//#check[md5,sha1,tree,fast]: $RELINK -Wl,--defsym=x=1 -o other; readelf -n other > a; readelf -n $OUT > b; ! cmp -s a b
//#check[!none]: readelf -lW $OUT ~ NOTE
int main(void) { return 0; }
