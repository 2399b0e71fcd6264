int deep(int n, void (*f)(void)) {
  if (n == 0) return f(), 1;
  return deep(n - 1, f) + 1;
}
