#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

size_t remember(const char *word);
bool catches(void);

int main(void) {
  remember("three");
  printf("%zu letters, caught: %d\n", remember("seven"), catches());
}
