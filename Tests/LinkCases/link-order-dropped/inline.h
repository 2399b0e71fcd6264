inline __attribute__((noinline)) int twice(int x) {
  asm volatile("");
  return x * 2;
}
