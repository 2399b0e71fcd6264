// Called through a pointer so that no compiler replaces it with the value it sees here.
int twice(void) { return 5; }
int (*volatile pointer)(void) = twice;
int other(void) { return pointer(); }
