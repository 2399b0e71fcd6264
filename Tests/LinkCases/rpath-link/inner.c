int inner(void) { return 2; }
#ifndef LACKING
int other_inner(void) { return 3; }
#endif
