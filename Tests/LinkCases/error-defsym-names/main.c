// What stands on the left of --defsym is a name, not half an operator, a number or a place.
//#drivers: gcc
//#each: wrong = colon plus shift words empty number digit counter
//#link[colon]: -Wl,--defsym=a:=3
//#link[plus]: -Wl,--defsym=a+=3
//#link[shift]: -Wl,--defsym=a<<=3
//#link[words]: "-Wl,--defsym=a b=3"
//#link[empty]: -Wl,--defsym==3
//#link[number]: -Wl,--defsym=17=3
//#link[digit]: -Wl,--defsym=1a=3
//#link[counter]: -Wl,--defsym=.=3
//#without: bfd+counter sets the location counter, of nothing
//#without: lld defines such names
//#without: mold defines such names
//#expect-error: defsym
int main(void) { return 0; }
