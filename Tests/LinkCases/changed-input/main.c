// An input that is written to while it is linked is told, and there is no output; one that was only
// removed was whole. The linker waits at a pipe: what happens meanwhile is no matter of chance.
//#drivers: gcc
//#each: change = none removed touched overwritten emptied filled replaced preserved
//#without: bfd does not look
//#without: lld does not look
//#without: mold does not look
//#unit: large.c
//#unit: late.c
//#prepare: mkfifo pipe && cp large.o big.o
//#prepare[none]: echo : > change
//#prepare[removed]: echo rm big.o > change
//#prepare[touched]: echo touch big.o > change
//#prepare[overwritten]: echo 'head -c 70000 /dev/zero | dd of=big.o conv=notrunc bs=70000' > change
//#prepare[emptied]: echo ': > big.o' > change
//#prepare[filled]: : > big.o; echo 'cat large.o > big.o' > change
//#prepare[replaced]: echo 'cp big.o copy && mv copy big.o' > change
//#prepare[preserved]: echo 'cp -p big.o copy && mv copy big.o' > change
//#prepare: setsid sh -c 'exec 3> pipe; . ./change; cat late.o >&3' < /dev/null > log 2>&1 &
//#inputs: main.o big.o pipe
//#expect-error[!none,!removed]: big.o was changed while it was linked
//#exit[none,removed]: 7
int last(void), late(void);
int main(void) { return last() + late(); }
