// What a script asks for and is not there is told with the script's name.
//#prepare: printf 'INPUT(/not/there.o)\nINPUT(-lnot_there)\nINPUT(not_here.o)\nINCLUDE nor.here\n' > list.ld
//#link: list.ld
//#expect-error: not
//#expect-error[weld]: list.ld:1: cannot open /not/there.o
//#expect-error[weld]: list.ld:2: unable to find library -lnot_there
//#expect-error[weld]: list.ld:3: cannot find not_here.o
//#expect-error[weld]: list.ld:4: cannot find nor.here
int main(void) { return 0; }
