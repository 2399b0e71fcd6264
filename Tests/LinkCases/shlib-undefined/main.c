// An executable's libraries must find their symbols at link time.
//#kinds: pie
//#shared: libundef.so = library.c
//#expect-error: nowhere
int in_library(void);
int main(void) { return in_library(); }
