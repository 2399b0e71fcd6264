// An offset in this module, of a variable of another: no module has it there.
//#kinds: pie no-pie shared
//#drivers: gcc
//#compile: -ftls-model=local-dynamic -fPIC -O1
//#shared: libother.so = other.c
//#without: lld takes another variable
//#without: mold takes another variable
//#without: bfd says it in its own words
//#expect-error: cannot be used for what another module defines
//#expect-error: 'other'
static _Thread_local int mine;
extern _Thread_local int other;
int main(void) { return mine + other; }
