__attribute__((noinline)) static void thrower() { throw 2; }
int second() {
  try {
    thrower();
  } catch (int value) {
    return value;
  }
  return 0;
}
