// A weak thread-local variable that is nowhere, in code that takes no detour: nobody touches it.
//#kinds: static static-pie pie no-pie
//#each: MODEL = global-dynamic local-dynamic initial-exec local-exec
//#compile: -ftls-model=$MODEL
//#without: lld+pie the relocation is refused
//#stdout: 5 7
#include <stdio.h>
extern _Thread_local int missing __attribute__((weak));
_Thread_local int here = 5;
int main(int argc, char **argv) { printf("%d %d\n", here, argc > 1 ? missing : 7); }
