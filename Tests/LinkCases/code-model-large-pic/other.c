int big[1000];
int values[] = {1, 2, 3, 22, 5};
int add(int a, int b) { return a + b; }
