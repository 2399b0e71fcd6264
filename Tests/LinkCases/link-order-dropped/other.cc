#include "inline.h"
int other(int x) { return twice(x); }
