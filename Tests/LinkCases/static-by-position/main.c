// -static is -Bstatic: what follows is looked for in archives, and whether the program is dynamic
// depends on what was loaded.
//#kinds: pie no-pie shared
//#each: how = static pushed archive restored
//#unit: answer.c -fPIC
//#module: libanswer.so = answer.c -DANSWER=1
//#prepare: ar rcs libanswer.a answer.o
//#without: archive+lld knows no -a
//#without: archive+mold knows no -a
//#without: pushed+mold makes -static a switch of the whole link
//#without: restored+mold makes -static a switch of the whole link
//#link[static]: -L. -Wl,-static -lanswer -Wl,-Bdynamic
//#link[pushed]: -L. -Wl,--push-state,-static -lanswer -Wl,--pop-state
//#link[archive]: -L. -Wl,-a,archive -lanswer -Wl,-a,shared
//#link[restored]: -L. -Wl,-static -lanswer -Wl,--push-state,-Bdynamic -Wl,--pop-state,-Bdynamic
//#check: readelf -dW $OUT !~ NEEDED.*libanswer
//#check: readelf -dW $OUT ~ NEEDED.*libc
//#check[!shared]: readelf -lW $OUT ~ INTERP
//#stdout: 42
int printf(const char *, ...);
int answer(void);
int main(void) {
  printf("%d\n", answer());
  return 0;
}
