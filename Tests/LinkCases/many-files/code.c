static int calls;
#ifdef SECOND
int sub(int a, int b) { return calls++ + a - b; }
#else
int add(int a, int b) { return calls++ + a + b; }
#endif
