// The address of an undefined weak symbol is zero wherever the program is loaded, also in code that
// forms it relative to itself; branches to it link.
//#kinds: static static-pie pie no-pie shared
//#without: bfd+pie refuses the lea
//#without: bfd+static-pie refuses the lea
//#without: bfd+shared refuses the lea
//#without: mold+pie refuses the lea
//#without: mold+static-pie refuses the lea
//#without: mold+shared refuses the lea
//#without: lld+pie gives the load address
//#without: lld+static-pie gives the load address
//#without: lld+shared gives the load address
//#object: code.S
//#exit: 0
long hidden_in_rax(void), hidden_in_r12(void);
int main(void) { return hidden_in_rax() != 0 || hidden_in_r12() != 0; }
