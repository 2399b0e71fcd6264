int table[] = {1, 2, 3};
const char *text = "text";
int function(int n) { return table[n]; }
