// GOTPCRELX loads, calls and operations become direct where they may, and stay right with --no-relax.
//#drivers: gcc
//#kinds: static static-pie pie no-pie shared
//#without: bfd+static-pie+no-relax start-up code reads a slot before it is relocated
//#without: lld+static-pie+no-relax start-up code reads a slot before it is relocated
//#each: MODE = relax no-relax
//#object: code.S
//#object: other.c
//#link: -Wl,--$MODE
//#exit: 0
extern long load(void), compare(void), add(void), test(void), call(void), tail(void);
extern long missing_address(void);
extern long variable;
int main(void) {
  if (load() != (long)&variable) return 1;
  if (compare() != 1) return 2;
  if (add() != (long)&variable + 5) return 3;
  if (test() != 1) return 4;
  if (call() != 77) return 5;
  if (tail() != 77) return 6;
  if (missing_address() != 0) return 7;
  return 0;
}
