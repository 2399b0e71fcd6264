// An exception crosses two shared libraries; type identity must hold between all three.
//#kinds: pie no-pie shared
//#shared: libthrow.so = throw.cc
//#shared: libpass.so = pass.cc | libthrow.so
//#stdout: caught 7
//#stdout: caught runtime_error: deep
#include <cstdio>
#include <stdexcept>
#include "error.h"

void pass(int);

extern "C" int main() {
  try {
    pass(7);
  } catch (const CaseError &error) {
    printf("caught %d\n", error.code());
  }
  try {
    pass(0);
  } catch (const std::exception &error) {
    printf("caught runtime_error: %s\n", error.what());
  }
  return 0;
}
