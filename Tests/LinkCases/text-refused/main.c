// -z text refuses them and says where.
//#kinds: shared
//#drivers: gcc
//#object: absolute.S
//#link: -Wl,-z,text
//#expect-error: absolute.o
//#expect-error[weld]: variable
int variable = 6;
int main(void) { return 0; }
