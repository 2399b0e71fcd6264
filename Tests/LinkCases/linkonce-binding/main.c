// A section from before there were groups stands for the same function as a group only if both bind
// alike: a weak copy does not keep a strong definition out.
//#kinds: static static-pie pie no-pie shared
//#each: first = -DWEAK_LINKONCE -DWEAK_GROUP -DSTRONG_LINKONCE -DSTRONG_GROUP
//#object: unit.S $first -> first.o
//#object[-DWEAK_LINKONCE]: unit.S -DSTRONG_GROUP -> second.o
//#object[-DWEAK_GROUP]: unit.S -DSTRONG_LINKONCE -> second.o
//#object[-DSTRONG_LINKONCE]: unit.S -DWEAK_GROUP -> second.o
//#object[-DSTRONG_GROUP]: unit.S -DWEAK_LINKONCE -> second.o
//#exit: 9
int number(void);
int main(void) { return number(); }
