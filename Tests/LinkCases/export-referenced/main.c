// A symbol of the executable that a library on the line refers to is exported without asking.
//#kinds: pie no-pie
//#shared: libcall.so = call.c
//#exit: 43
int call(int);
int callback(int n) { return n + 1; }
int main(void) { return call(42); }
