// --print-gc-sections lists what went, by object and section.
//#compile: -ffunction-sections
//#link: -Wl,--gc-sections -Wl,--print-gc-sections
//#check: $RELINK -o again 2>&1 ~ main.o.*[.]text[.]unused_one|[.]text[.]unused_one.*main.o
//#check: $RELINK -o again 2>&1 !~ \.text\.main
int unused_one(void) { return 1; }
int main(void) { return 0; }
