// A shared library that throws an exception of its own type and keeps a thread-local.
#include "library.h"

thread_local int calls = 0;

Refusal::Refusal(int value) : value(value) {}
Refusal::~Refusal() {}
const char *Refusal::what() const noexcept { return "odd numbers are not halved"; }

int halve(int number) {
  calls++;
  if (number % 2 != 0) throw Refusal(number);
  return number / 2;
}
