double scale(double a) { return a / 2; }
int sum(int a, int b, int c, int d, int e, int f, int g, int h) {
  return a + b + c + d + e + f + g + h;
}
double half(double a, double b, double c) { return scale(a) + scale(b) + scale(c); }
