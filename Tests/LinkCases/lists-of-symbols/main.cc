// --dynamic-list and --export-dynamic-symbol-list take C++ names as C++ writes them; what they read
// is among the dependencies.
//#kinds: pie no-pie
//#each: option = dynamic-list export-dynamic-symbol-list
//#link: -Wl,--$option=$SRC/names.list -Wl,--dependency-file=dependencies.mk
//#check: nm -D $OUT ~ T _ZN5space8functionEi
//#check: nm -D $OUT ~ [DB] _ZN5space8variableE
//#check: nm -D $OUT ~ [DRV] _ZTVN5space7VirtualE
//#check: nm -D $OUT ~ T plain_function
//#check: nm -D $OUT !~ _ZN5space6hiddenEv
//#check[weld,lld]: cat dependencies.mk ~ names.list
namespace space {
int function(int value) { return value; }
int variable;
int hidden() { return 1; }
struct Virtual { virtual ~Virtual(); };
Virtual::~Virtual() {}
}
extern "C" int plain_function() { return 2; }
int main() { return 0; }
