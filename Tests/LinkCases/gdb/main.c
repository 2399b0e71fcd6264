// gdb stops at a line and names the frames with their arguments.
//#kinds: static pie no-pie
//#compile: -g -O0
//#object: inner.c
//#needs: gdb
//#check: gdb -nx -batch -ex 'break inner.c:3' -ex run -ex backtrace -ex 'print *point' $OUT 2>&1 > log; cat log ~ inner \(point=.*n=3\) at .*inner.c:3
//#check: cat log ~ #1 .* middle \(n=3\) at .*main.c:[0-9]+
//#check: cat log ~ #2 .* main \(\) at .*main.c:[0-9]+
//#check: cat log ~ x = 4, y = 5
//#exit: 12
struct point { int x, y; };
int inner(struct point *point, int n);
int middle(int n) {
  struct point point = {4, 5};
  return inner(&point, n);
}
int main(void) { return middle(3); }
