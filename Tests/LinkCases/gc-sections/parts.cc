#define HIDDEN extern "C" __attribute__((visibility("hidden"), noinline))
extern "C" int exported_keeps_alive() { return 3; }
extern "C" { __attribute__((visibility("hidden"))) int dead_data[1000] = {1}; }
HIDDEN int dead_other();
HIDDEN const char *dead_function() { return dead_other() ? "a string only dead code uses" : ""; }
HIDDEN int dead_other() { return dead_function() && dead_data[5]; }
HIDDEN int live_function(const char **text) {
  *text = "a string live code uses";
  return 1;
}
__attribute__((noinline)) void raise(int n) { throw n; }
