// The medium and large code models: data in .ldata/.lbss, 64-bit absolute references.
//#kinds: static no-pie
//#each: MODEL = medium large
//#compile: -mcmodel=$MODEL -fno-pie
//#object: other.c -mlarge-data-threshold=4
//#without: clang does not know the threshold in every version
//#exit: 42
extern int big[1000], values[];
int add(int, int);
int main(void) {
  big[999] = 20;
  return add(big[999], values[3]);
}
