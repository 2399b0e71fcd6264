// One way to reach variables; NAME tells which.
#define JOIN(a, b) a##b
#define NAMED(a, b) JOIN(a, b)
static _Thread_local int one = 1, two = 2;
static _Thread_local long zero[3];
extern _Thread_local int hidden __attribute__((visibility("hidden")));
extern _Thread_local long zeroed[5] __attribute__((visibility("hidden")));
extern _Thread_local int exported;
int NAMED(own_, NAME)(void) {
  zero[2]++;
  return one++ * 10 + two + (int)zero[1] + (int)zero[2] * 100;
}
int *NAMED(hidden_, NAME)(void) { return &hidden; }
long *NAMED(zeroed_, NAME)(void) { return &zeroed[2]; }
int *NAMED(exported_, NAME)(void) { return &exported; }
int NAMED(sum_, NAME)(void) { return hidden + exported + (int)zeroed[3]; }
#ifdef LIBRARY
extern _Thread_local int library;
int *NAMED(library_, NAME)(void) { return &library; }
#endif
