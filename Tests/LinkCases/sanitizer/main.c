// Address sanitizer: its preinit object, dynamic list and whole archives.
//#kinds: pie
//#drivers: gcc
//#compile: -fsanitize=address -g
//#link: -fsanitize=address
//#check: ASAN_OPTIONS=detect_leaks=0 $OUT x ~ heap-buffer-overflow
//#check: ASAN_OPTIONS=detect_leaks=0 $OUT x ~ #0 .* in main .*main.c:[0-9]+
//#env: ASAN_OPTIONS=detect_leaks=0
//#exit: 0
#include <stdlib.h>
int main(int argc, char **argv) {
  volatile char *p = malloc(10);
  return argc > 1 ? p[10 + argc - 2] : 0;
}
