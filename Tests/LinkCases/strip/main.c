// -s, -S, -x and -X remove what they should and the program still runs.
//#kinds: static pie shared
//#compile: -g
//#each: MODE = -s -S -x -X
//#link: -Wl,$MODE
//#check[-s]: readelf -SW $OUT !~ \.symtab
//#check[-s,-S]: readelf -SW $OUT !~ \.debug_
//#check[-S]: nm $OUT ~ a_local_function
//#check[-x]: nm $OUT !~ a_local_function
//#check[-x,-X]: nm $OUT ~ T a_global_function
//#check[-x,-X]: readelf -SW $OUT ~ \.debug_info
//#exit: 8
__attribute__((noinline)) static int a_local_function(int n) { return n + *(volatile int *)&n; }
int a_global_function(int n) { return a_local_function(n); }
int main(void) { return a_global_function(4); }
