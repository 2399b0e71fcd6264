void throwIt(int code);
struct Guard {
  ~Guard() { ++count; }
  static int count;
};
int Guard::count = 0;
void pass(int code) {
  Guard guard;
  throwIt(code);
}
