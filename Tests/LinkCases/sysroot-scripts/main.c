// A script that lies in the system root speaks of paths in it, and of no others, however either is
// spelt: what counts is where they really are.
//#kinds: pie
//#each: root = plain slash parents link relative
//#each: script = direct linked-root upwards linked-file
//#unit: inside.c -> answer.o
//#prepare: mkdir -p root/lib other && mv answer.o root/lib && echo "GROUP(/lib/answer.o)" > root/script.ld
//#prepare: ln -s root linked-root && ln -s ../root/script.ld other/script.ld
//#prepare[plain]: echo "-Xlinker --sysroot=$PWD/root" > words
//#prepare[slash]: echo "-Xlinker --sysroot=$PWD/root/" > words
//#prepare[parents]: echo "-Xlinker --sysroot=$PWD/other/../root" > words
//#prepare[link]: echo "-Xlinker --sysroot=$PWD/linked-root" > words
//#prepare[relative]: echo "-Xlinker --sysroot=./root" > words
//#without: linked-file+lld compares names
//#without: linked-file+mold compares names
//#without: linked-root+mold compares names
//#without: link+mold compares names
//#link: @words
//#link[direct]: root/script.ld
//#link[linked-root]: linked-root/script.ld
//#link[upwards]: other/../root/script.ld
//#link[linked-file]: other/script.ld
//#exit: 7
int answer(void);
int main(void) { return answer(); }
