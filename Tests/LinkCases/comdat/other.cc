#include "counter.h"
int countElsewhere() { return counter(); }
int *addressElsewhere() { return &Holder<int>::value; }
const std::type_info &typeElsewhere() { return typeid(Holder<int>); }
