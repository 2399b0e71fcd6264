#include <stdio.h>
int start_plugin(void) { return puts("init"); }
int stop_plugin(void) { puts("fini"); return fflush(stdout); }
int plugin_entry(int (*f)(int)) { return f(21); }
