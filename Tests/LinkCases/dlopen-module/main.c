// The program loads a library at run time; the library calls back into the program.
//#kinds: pie no-pie shared
//#module: libplugin.so = plugin.c | -Wl,-init,start_plugin -Wl,-fini,stop_plugin
//#link: -rdynamic -ldl
//#stdout: init
//#stdout: plugin says 42
//#stdout: fini
#include <dlfcn.h>
#include <stdio.h>
int from_program(int n) { return n * 2; }
int main(void) {
  void *self = dlopen("libplugin.so", RTLD_NOW);
  if (!self) return puts(dlerror()), 1;
  int (*entry)(int (*)(int)) = dlsym(self, "plugin_entry");
  printf("plugin says %d\n", entry(from_program));
  fflush(stdout);
  return dlclose(self);
}
