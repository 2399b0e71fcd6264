// Opens the library of the shared-300k benchmark and calls its first and its last function.
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments) {
  void *library = count > 1 ? dlopen(arguments[1], RTLD_NOW) : NULL;
  if (!library) {
    fprintf(stderr, "%s\n", count > 1 ? dlerror() : "usage: probe LIBRARY");
    return 1;
  }
  int (*first)(void) = (int (*)(void))dlsym(library, "exported_function_number_0");
  int (*last)(void) = (int (*)(void))dlsym(library, "exported_function_number_299999");
  if (!first || !last) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  printf("%d %d\n", first(), last());
  return 0;
}
