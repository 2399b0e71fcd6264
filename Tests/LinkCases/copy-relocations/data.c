int value = 5;
extern int alias_of_value __attribute__((weak, alias("value")));
const int constant = 5;
char big[100] = {1};
int read_value(void) { return alias_of_value; }
