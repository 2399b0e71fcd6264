__attribute__((noinline)) static void thrower() { throw 1; }
int first() {
  try {
    thrower();
  } catch (int value) {
    return value;
  }
  return 0;
}
