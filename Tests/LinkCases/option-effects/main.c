// Every option that docs/options.md says "yes" or "checked" of changes something: an output, a
// message, a file.
// The table `effects` has a link with and one without for each; see `compare`.
//#drivers: gcc
//#kinds: no-pie
//#without: lld has other options
//#without: mold has other options
//#without: gold has other options
//#without: bfd has other options
//#needs: bash clang
//#timeout: 600
//#no-run: what counts are the links that `compare` makes
//#prepare: bash $SRC/inputs $LINKER
//#check: bash $SRC/compare $LINKER $SRC/../../../docs/options.md $SRC/effects
int main(void) { return 0; }
