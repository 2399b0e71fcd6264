// Every missing input is named in one run; the library not as a file, which scripts would take for
// what was found.
//#link: -lno_such_library -l:no_such_file -Wl,no_such_object.o
//#expect-error[weld,lld]: no_such_object.o
//#expect-error: no_such
//#expect-error[weld,lld]: no_such_library
//#expect-error[weld,lld]: no_such_file
//#no-diagnostic: libno_such_library
int main(void) { return 0; }
