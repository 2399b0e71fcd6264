// Whatever address space a link gets, it ends with an output, or with an error that names what ran
// out: never with a signal. The earlier output is kept and no temporary left.
//#kinds: static
//#drivers: gcc
//#without: bfd is about weld's own words
//#without: lld is about weld's own words
//#without: mold is about weld's own words
//#link: -nostartfiles -nostdlib
//#check: sh $SRC/limits.sh $LINKER
//#no-run:
void _start(void) {}
