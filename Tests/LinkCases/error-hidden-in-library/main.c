// The library has the symbol, but hidden: the message says so.
//#shared: libhidden.so = library.c
//#expect-error: secret
//#expect-error~[weld]: hidden|local
//#expect-error[weld]: libhidden.so
int secret(void), visible(void);
int main(void) { return secret() + visible(); }
