// Undefined symbols that are allowed: the program runs as long as nothing calls them.
//#each: MODE = ignore warn library
//#kinds: pie no-pie
//#compile[library]: -DLIBRARY
//#shared[library]: libundef.so = library.c
//#link[ignore]: -Wl,--unresolved-symbols=ignore-all
//#link[warn]: -Wl,--warn-unresolved-symbols
//#link[library]: -Wl,--allow-shlib-undefined -Wl,-z,lazy
//#expect-warning[warn]: nowhere
//#without: bfd+pie makes a program that the loader refuses
//#exit: 0
int nowhere(void), in_library(void);
int main(int argc, char **argv) {
#ifdef LIBRARY
  return argc > 1 ? in_library() : 0;
#else
  return argc > 1 ? nowhere() : 0;
#endif
}
