// An object with more sections than a 16-bit index counts; and an output that keeps them separate.
//#drivers: gcc
//#kinds: static pie
//#object: many.S
//#timeout: 120
//#exit: 0
extern int first_value, last_value;
int call_last(void);
int main(void) { return first_value != 1 || last_value != 70000 || call_last() != 69999; }
