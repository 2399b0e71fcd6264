// The difference of two addresses is a number: nothing is added to it at run time, and code that
// reads it from a slot finds it there.
//#kinds: static static-pie pie no-pie
//#drivers: gcc
//#object: code.S
//#link: -Wl,--defsym=distance=second-first
//#without: bfd takes the difference for an address in position-independent executables
//#exit: 0
extern char distance[];
char *volatile word = distance;
long load(void);
long first[2] = {1, 2};
long second[1] = {3};
int main(void) {
  long expected = (char *)second - (char *)first;
  if ((long)word != expected) return 1;
  return load() != expected;
}
