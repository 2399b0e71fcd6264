// Catches what the library throws, by type, and reads the library's thread-local.
#include <cstdio>

#include "library.h"

int main() {
  int half = halve(84);
  try {
    halve(7);
  } catch (const Refusal &refusal) {
    std::printf("hello from a library: %d, %s (%d), %d calls\n", half, refusal.what(),
                refusal.value, calls);
    return 0;
  }
  return 1;
}
