int function(int n) { return n + 5; }
int (*library_address(void))(int) { return function; }
