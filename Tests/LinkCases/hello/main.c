// The smallest program that uses libc, in every output kind.
//#kinds: static static-pie pie no-pie shared
//#stdout: hello, 7 arguments?
//#run: a b
//#check[pie,static-pie,shared]: readelf -hW $OUT ~ Type: +DYN
//#check[static,no-pie]: readelf -hW $OUT ~ Type: +EXEC
//#check[pie,no-pie]: readelf -lW $OUT ~ interpreter: /lib64/ld-linux-x86-64.so.2
//#check[static,static-pie]: readelf -lW $OUT !~ INTERP
//#check[static-pie]: readelf -dW $OUT ~ FLAGS_1.*PIE
//#check: readelf -lW $OUT !~ GNU_STACK.*RWE
#include <stdio.h>
#include <string.h>

static const char *word = "hello";
int counter = 4;
int zero;

int main(int argc, char **argv) {
  zero += argc;
  printf("%s, %d arguments?\n", word, counter + zero);
  return strcmp(argv[1], "a") || strcmp(argv[2], "b");
}
