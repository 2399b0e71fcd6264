// Equal string literals and constants share an address across objects; long and wide ones too.
//#kinds: static pie shared
//#compile: -O2
//#object: other.c
//#link: -Wl,-O1
//#check: sh -c 'strings $OUT | grep -c "a fairly unique literal"' ~ ^1$
//#stdout: same same
#include <stdio.h>
#include <wchar.h>
extern const char *const other_text;
extern const wchar_t *const other_wide;
const char *const text = "a fairly unique literal";
const wchar_t *const wide = L"wide literal";
int main(void) {
  const char *const volatile *a = &text, *const volatile *b = &other_text;
  const wchar_t *const volatile *c = &wide, *const volatile *d = &other_wide;
  printf("%s %s\n", *a == *b ? "same" : "different", *c == *d ? "same" : "different");
  return (*a)[10] != 'n' || (*d)[5] != L'l';
}
