// A shared library has no place in a static link, however it is named.
//#kinds: static static-pie pie no-pie shared
//#each: how = path file script needed-script
//#module: libanswer.so = answer.c
//#prepare: echo "INPUT(libanswer.so)" > libscript.a; echo "GROUP(AS_NEEDED(-l:libanswer.so))" > libneeded.a
//#without: mold takes it
//#link[path]: -Wl,-Bstatic libanswer.so
//#link[file]: -L. -Wl,--as-needed,-Bstatic -l:libanswer.so
//#link[script]: -L. -Wl,-Bstatic -lscript
//#link[needed-script]: -L. -Wl,-Bstatic -lneeded
//#link: -Wl,-Bdynamic
//#expect-error: libanswer.so
//#expect-error[weld]: a static link cannot use a shared library
int answer(void);
int main(void) { return answer(); }
