// A weak thread-local variable that is nowhere, in code that takes no detour and in code that could
// be in a library: nobody touches it.
//#kinds: static static-pie pie no-pie shared
//#each: MODEL = global-dynamic local-dynamic initial-exec local-exec
//#each: CODE = plain pic unrelaxed
//#compile: -ftls-model=$MODEL
//#compile[pic,unrelaxed]: -fPIC
//#link[unrelaxed]: -Wl,--no-relax
//#without: shared+local-exec the code is for executables
//#without: shared+plain the same as pic
//#without: lld+pie the relocation is refused
//#without: lld+static-pie+unrelaxed start-up code reads slots before they are relocated
//#without: bfd+static-pie+unrelaxed start-up code reads slots before they are relocated
//#stdout: 5 7
#include <stdio.h>
extern _Thread_local int missing __attribute__((weak));
_Thread_local int here = 5;
int main(int argc, char **argv) { printf("%d %d\n", here, argc > 1 ? missing : 7); }
