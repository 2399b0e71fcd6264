// A script in root2 is not in the system root `root`: its paths are the host's.
//#kinds: pie
//#unit: outside.c -> answer.o
//#unit: inside.c -> inside.o
//#prepare: mkdir -p root$PWD/root2 root2 && mv answer.o root2 && cp inside.o root$PWD/root2/answer.o
//#prepare: echo "GROUP(\"$PWD/root2/answer.o\")" > root2/script.ld; echo "-Xlinker --sysroot=$PWD/root" > words
//#prepare: mkdir -p root/usr && echo "GROUP(\"$PWD/root2/none.o\")" > root/usr/none.ld && cp inside.o root2/none.o
//#link: @words root2/script.ld
//#check[weld]: $LINK @words main.o root/usr/none.ld -o none 2>&1 ~ none.ld:1: cannot open .*/root/.*/root2/none.o
//#exit: 7
int answer(void);
int main(void) { return answer(); }
