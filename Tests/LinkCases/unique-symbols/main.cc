// An output with a unique symbol says that it follows the GNU ABI, also if nothing exports the symbol:
// its binding has a number of that ABI.
//#kinds: static static-pie pie no-pie shared
//#drivers: gcc
//#compile: -std=c++17
//#without: lld never says so
//#without: mold makes what it does not export local
//#check: readelf -hW $OUT ~ OS/ABI:.*GNU
//#check: readelf -sW $OUT ~ UNIQUE .*variable
//#exit: 3
inline int variable = 3;
int main() { return variable; }
