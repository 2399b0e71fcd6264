__thread int exported = 20;
static __thread int local[2];
int next(int n) {
  exported += n;
  local[1]++;
  return exported + local[0] + local[1] - 1 + (n > 1);
}
