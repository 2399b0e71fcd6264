// Names and strings that are made to have one hash cost no more than others: each begins with a number
// that a block of 16 bytes behind it makes a weak hash forget.
//#kinds: pie shared
//#drivers: gcc
//#prepare: LC_ALL=C awk -f $SRC/names.awk > names.s
//#prepare: as names.s -o names.o
//#link: names.o
//#timeout: 25
//#exit: 3
extern const char first_string[], last_string[];
int main(void) { return first_string[15] == '1' && last_string[15] == '0' ? 3 : 1; }
