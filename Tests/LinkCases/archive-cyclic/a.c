int b(int);
int a(int n) { return n ? b(n) : 0; }
