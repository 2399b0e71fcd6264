// Direct access to protected data of a library is refused and the object to rebuild is named.
//#kinds: no-pie
//#shared: libprotected.so = library.c
//#expect-error: protected_data
//#expect-error[weld]: -fPIC
extern int protected_data;
int main(void) { return protected_data; }
