// One object thinks the symbol is thread-local, the other does not.
//#object: other.c
//#without: mold does not look
//#without: lld does not look in every version
//#expect-error: mixed_up
//#expect-error[weld,bfd]: TLS
extern __thread int mixed_up;
int main(void) { return mixed_up; }
