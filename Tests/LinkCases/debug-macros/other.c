#include "shared.h"
int other(int x) { return FROM_HEADER(x); }
int unused(int x) { return FROM_HEADER(x) + 1; }
