// Code that reads addresses from slots reaches any distance; where it is more than 2 GiB, the slots
// stay.
//#kinds: pie no-pie
//#drivers: gcc
//#compile: -fPIC
//#object: huge.S
//#without: lld reports the distance
//#without: bfd+pie asks for --no-relax
//#exit: 0
extern char huge[], last[];
char *get(void) { return last; }
int main(void) {
  char *volatile first = huge;
  last[0] = 1;
  return get() - first != 3000000000;
}
