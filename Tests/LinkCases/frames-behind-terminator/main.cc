// Objects may have frame descriptions behind a terminator: they are kept.
//#kinds: static static-pie pie no-pie shared
//#object: frames.S
//#stdout: first 1, second 2
#include <cstdio>
extern "C" void first(int), second(int);
extern "C" void throwValue(int value) { throw value; }
static int caught(void (*function)(int), int value) {
  try {
    function(value);
  } catch (int thrown) {
    return thrown;
  }
  return 0;
}
int main() { std::printf("first %d, second %d\n", caught(first, 1), caught(second, 2)); }
