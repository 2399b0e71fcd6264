#include "error.h"
#include <stdexcept>
void throwIt(int code) {
  if (code) throw CaseError(code);
  throw std::runtime_error("deep");
}
