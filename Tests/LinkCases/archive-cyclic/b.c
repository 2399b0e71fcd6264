int a(int);
int b(int n) { return 2 + a(n - 1); }
