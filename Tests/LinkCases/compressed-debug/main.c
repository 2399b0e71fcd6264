// Compressed debug sections come in readable, and go out compressed when asked.
//#each: IN = none zlib
//#each: OUTPUT = none zlib
//#compile: -g -gz=$IN
//#object: other.c
//#link: -Wl,--compress-debug-sections=$OUTPUT
//#check: readelf --debug-dump=info $OUT ~ DW_AT_name.*: (.*: )?a_function_with_a_name
//#check: readelf --debug-dump=decodedline $OUT ~ other.c
//#check: sh -c 'test $OUTPUT = none || readelf -tW $OUT | grep -A3 debug_info | grep -q ZLIB'
//#check: sh -c 'test $OUTPUT = zlib || ! readelf -tW $OUT | grep -q COMPRESSED'
//#exit: 5
int a_function_with_a_name(int);
int main(void) { return a_function_with_a_name(2); }
