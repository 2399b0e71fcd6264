// Libraries for another machine are passed over: also where a script says so, or names such files.
//#kinds: pie
//#each: script = format absolute beside nested
//#each: warning = warning none
//#unit: answer.c -fPIC
//#prepare: $CC -m32 -c -fno-pic $SRC/answer.c -o answer32.o
//#prepare: mkdir -p first second; ar rcs second/libanswer.a answer.o; cp answer32.o first/part.o
//#prepare[format]: echo 'OUTPUT_FORMAT(elf32-i386) GROUP(nowhere.o)' > first/libanswer.so
//#prepare[absolute]: echo "GROUP(\"$PWD/first/part.o\")" > first/libanswer.so
//#prepare[beside]: echo "INPUT(part.o)" > first/libanswer.so
//#prepare[nested]: echo "INPUT(part.ld)" > first/libanswer.so; echo "INPUT(\"$PWD/first/part.o\")" > first/part.ld
//#without: lld refuses them
//#without: mold refuses them
//#without: absolute+bfd refuses it
//#without: nested+bfd refuses it
//#without: beside+bfd refuses it
//#link: -Lfirst -Lsecond -lanswer
//#link[none]: -Wl,--no-warn-search-mismatch
//#expect-warning[warning]: first/libanswer.so
//#exit: 7
int answer(void);
int main(void) { return answer(); }
