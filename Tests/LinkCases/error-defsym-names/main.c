// What stands on the left of --defsym is a name, not half an operator.
//#drivers: gcc
//#each: wrong = colon plus shift words empty
//#link[colon]: -Wl,--defsym=a:=3
//#link[plus]: -Wl,--defsym=a+=3
//#link[shift]: -Wl,--defsym=a<<=3
//#link[words]: "-Wl,--defsym=a b=3"
//#link[empty]: -Wl,--defsym==3
//#without: lld defines such names
//#without: mold defines such names
//#expect-error: defsym
int main(void) { return 0; }
