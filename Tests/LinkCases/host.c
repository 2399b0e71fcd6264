// Loads the library that a case of kind `shared` makes and calls its `main`.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv, char **envp) {
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 120;
  }
  int (*entry)(int, char **, char **) = (int (*)(int, char **, char **))dlsym(library, "main");
  if (!entry) {
    fprintf(stderr, "%s\n", dlerror());
    return 121;
  }
  return entry(argc - 1, argv + 1, envp);
}
