// A library with types, versions and a variable, for those who describe interfaces.
#include <ctype.h>

struct position {
  int line;
  union {
    int column;
    char bytes[4];
  };
};
enum direction { forward = 1, backward };
typedef int (*visitor)(struct position *, enum direction, void *);

int words_seen;
const char words_name[] = "words";
static int calls;

int words_visit(struct position *at, visitor visit, void *context) {
  calls++;
  return visit(at, forward, context);
}

int words_count(const char *text) {
  int count = 0;
  for (; *text; text++) {
    if (!isspace((unsigned char)*text) && (!text[1] || isspace((unsigned char)text[1]))) count++;
  }
  words_seen += count;
  return count;
}
