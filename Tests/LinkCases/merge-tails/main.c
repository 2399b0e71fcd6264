// -O2 lets a string end inside another; references into the middle and past the end stay right.
//#object: strings.S
//#link: -Wl,-O2
//#check[lld,weld,bfd]: sh -c 'strings -n 4 $OUT | grep -c "unique tail"' ~ ^1$
//#stdout: 1 a long head with a unique tail|unique tail|tail|q
#include <stdio.h>
extern const char head[], tail[], *in_middle, *one_char;
int main(void) {
  printf("%d %s|%s|%s|%c\n", tail == head + 19, head, tail, in_middle, *one_char);
}
