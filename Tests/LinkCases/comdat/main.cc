// Inline functions and their static variables exist once, across objects and libraries.
//#kinds: static pie no-pie shared
//#object: other.cc
//#check: sh -c 'nm -C $OUT | grep -c " counter()$"' ~ ^1$
//#stdout: 1 2 3 same
#include <cstdio>
#include <typeinfo>
#include "counter.h"
int countElsewhere();
int *addressElsewhere();
const std::type_info &typeElsewhere();
extern "C" int main() {
  int a = counter(), b = countElsewhere(), c = counter();
  bool same = addressElsewhere() == &Holder<int>::value && typeElsewhere() == typeid(Holder<int>)
              && &typeElsewhere() == &typeid(Holder<int>);
  printf("%d %d %d %s\n", a, b, c, same ? "same" : "different");
}
