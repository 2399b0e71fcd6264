// A program of the C library alone: formatted output, a sorted table, a constructor.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *greeting;

__attribute__((constructor)) static void prepare(void) { greeting = "hello from C"; }

static int compare(const void *left, const void *right) {
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int main(void) {
  const char *words[] = {"symbols", "atoms", "sections", "files"};
  qsort(words, 4, sizeof words[0], compare);
  printf("%s:", greeting);
  for (int i = 0; i < 4; i++) printf(" %s", words[i]);
  printf("\n");
  return 0;
}
