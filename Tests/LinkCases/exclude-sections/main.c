// SHF_EXCLUDE sections, .gnu.warning-like notes and stack notes do not reach the output.
//#object: excluded.S
//#check: strings $OUT !~ only in the object
//#check: readelf -SW $OUT !~ case_excluded
//#check: readelf -SW $OUT ~ case_plain
//#check: readelf -SW $OUT !~ note.GNU-stack
int main(void) { return 0; }
