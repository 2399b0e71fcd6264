// -R of anything but a file is -rpath.
//#kinds: pie no-pie shared
//#prepare: mkdir -p directory
//#link: -Wl,-R,directory -Wl,-rpath,other -Wl,-R,not/there
//#check: readelf -dW $OUT ~ \[directory:other:not/there\]
int main(void) { return 0; }
