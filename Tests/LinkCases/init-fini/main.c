// -init and -fini name other functions for the dynamic loader to call.
//#kinds: shared
//#link: -Wl,-init,my_init -Wl,-fini=my_fini
//#stdout: started
//#stdout: main
//#stdout: finished
#include <unistd.h>
void my_init(void) { write(1, "started\n", 8); }
void my_fini(void) { write(1, "finished\n", 9); }
int main(void) { return write(1, "main\n", 5) != 5; }
