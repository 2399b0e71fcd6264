namespace space { int compute(int n) { return n; } }
extern "C" int plain_function(int n) { return n; }
