// A driver's -static stands before all inputs and brings start-up code for a static program: no
// later -Bdynamic makes it a dynamic one.
//#kinds: static static-pie
//#module: libanswer.so = answer.c
//#without: lld makes a program that cannot start
//#without: mold makes a program that cannot start
//#without: static-pie+bfd makes a program that cannot start
//#link: -L. -Wl,-Bdynamic -lanswer -Wl,-Bstatic
//#expect-error: libanswer.so
//#expect-error[weld]: a static link cannot use a shared library; name the .a, or drop -static
int answer(void);
int main(void) { return answer(); }
