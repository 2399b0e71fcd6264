// --sort-common places common symbols by alignment, so that less is lost between them.
//#kinds: no-pie
//#compile: -fcommon
//#each: order = descending ascending
//#without: lld has no such option
//#without: mold has no such option
//#link: -Wl,--sort-common=$order
//#stdout[descending]: 64 16 4 1
//#stdout[ascending]: 1 4 16 64
int printf(const char *, ...);
char c1[16] __attribute__((aligned(1)));
char c4[16] __attribute__((aligned(4)));
char c64[64] __attribute__((aligned(64)));
char c16[16] __attribute__((aligned(16)));
int main(void) {
  struct { char *address; int alignment; } all[4] = {{c1, 1}, {c4, 4}, {c64, 64}, {c16, 16}};
  for (int i = 0; i < 4; i++) {
    char *last = 0;
    int found = 0;
    for (int k = 0; k < 4; k++)
      if (all[k].address && (!last || all[k].address < last)) last = all[found = k].address;
    printf("%d%s", all[found].alignment, i < 3 ? " " : "\n");
    all[found].address = 0;
  }
  return 0;
}
