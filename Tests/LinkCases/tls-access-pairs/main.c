// Every way to reach a thread-local variable beside every other way: models, dialects, compilers.
//
// All of them in one program; then each by itself and each pair, as slots that one sequence asks for
// must not change what another one becomes.
//#kinds: static static-pie pie no-pie shared
//#drivers: gcc
//#each: MODE = relax no-relax
//#without: bfd+static-pie+no-relax start-up code reads a slot before it is relocated
//#without: lld+static-pie+no-relax start-up code reads a slot before it is relocated
//#needs: clang-19
//#compile: -fPIC
//#module: liblibrary.so = library.c -fPIC
//#prepare: sh $SRC/compile.sh
//#inputs: main.o @units -Wl,--$MODE -pthread
//#check: sh $SRC/pairs.sh
//#timeout: 300
//#stdout: ok
#include <pthread.h>
#include <stdio.h>
extern _Thread_local int exported;
#pragma weak library
extern _Thread_local int library;

#define UNITS(each) \
  MODELS(each, gcc_gnu_O2) MODELS(each, gcc_gnu2_O0) MODELS(each, gcc_gnu2_O2) \
  MODELS(each, clang_gnu_O2) MODELS(each, clang_gnu2_O0) MODELS(each, clang_gnu2_O2)
#define MODELS(each, maker) \
  each(maker##_gd) each(maker##_ld) each(maker##_ie) each(maker##_le)

// Only those that were linked are there.
#define DECLARE(name) \
  __attribute__((weak)) int own_##name(void), *hidden_##name(void), sum_##name(void); \
  __attribute__((weak)) long *zeroed_##name(void); \
  __attribute__((weak)) int *exported_##name(void), *library_##name(void);
UNITS(DECLARE)

static int *hidden;
static long *zeroed;
static int *of_library;
static int failures, tried;

static void fail(const char *unit, const char *what) {
  printf("%s: %s\n", unit, what);
  failures++;
}

// All ways have to find the same variable.
#define AGREES(unit, first, value) \
  if (first && first != value) fail(unit, #first); \
  first = value;

#define TRY(name) \
  if (own_##name) { \
    tried++; \
    if (own_##name() != 112 || own_##name() != 222) fail(#name, "own"); \
    if (sum_##name() != 100) fail(#name, "sum"); \
    AGREES(#name, hidden, hidden_##name()) \
    AGREES(#name, zeroed, zeroed_##name()) \
    if (*hidden != 30 || *zeroed != 0) fail(#name, "values"); \
    if (exported_##name() != &exported) fail(#name, "exported"); \
    if (library_##name) { \
      AGREES(#name, of_library, library_##name()) \
      if (*of_library != 900) fail(#name, "library"); \
    } \
  }

static void *try(void *unused) {
  hidden = 0, zeroed = 0, of_library = 0;
  UNITS(TRY)
  return 0;
}

int main(void) {
  pthread_t thread;
  try(0);
  pthread_create(&thread, 0, try, 0);
  pthread_join(thread, 0);
  if (!tried) fail("main", "no unit");
  if (!failures) puts("ok");
  return failures != 0;
}
