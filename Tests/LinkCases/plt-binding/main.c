// Calls through the procedure linkage table, bound lazily and at once, with many arguments.
//#kinds: pie no-pie shared
//#each: MODE = lazy now
//#compile: -fplt
//#module: libcalled.so = called.c | -Wl,-z,$MODE
//#link: -L. -lcalled -Wl,-z,$MODE
//#check[now]: readelf -dW $OUT ~ NOW
//#stdout: 36 3.5
#include <stdio.h>
int sum(int, int, int, int, int, int, int, int);
double half(double, double, double);
int main(void) { printf("%d %.1f\n", sum(1, 2, 3, 4, 5, 6, 7, 8), half(1, 2, 4)); }
