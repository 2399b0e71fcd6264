// -z muldefs and --allow-multiple-definition: the first definition counts.
//#each: OPTION = -z,muldefs --allow-multiple-definition
//#object: other.c
//#link: -Wl,$OPTION
//#exit: 4
int twice(void) { return 4; }
int other(void);
int main(void) { return other(); }
