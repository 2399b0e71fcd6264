// libc's own IFUNCs through function pointers, also in static programs.
//#kinds: static static-pie pie no-pie shared
//#stdout: 4 abc 0
#include <stdio.h>
#include <string.h>
static size_t (*const length)(const char *) = strlen;
void *(*copy)(void *, const void *, size_t) = memcpy;
int main(int argc, char **argv) {
  char buffer[8] = {0};
  volatile const char *text = "four";
  copy(buffer, "abc", 4);
  printf("%zu %s %d\n", length((char *)text), buffer, strcmp(buffer, "abc"));
}
