// One object thinks the symbol is thread-local, the other does not.
//#object: other.c
//#without: mold only warns
//#without: lld accepts it in newer versions
//#expect-error: mixed_up
//#expect-error[weld,bfd]: TLS
extern __thread int mixed_up;
int main(void) { return mixed_up; }
