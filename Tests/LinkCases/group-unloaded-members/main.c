// What is not loaded of a section group: a reference to a dropped member goes to the kept one where
// both groups have the same sections; with --gc-sections it goes when what is loaded of its group
// goes, and a group in which nothing is loaded stays.
//#kinds: static static-pie pie no-pie shared
//#each: collects = all collected
//#object: unit.S -DFIRST -> first.o
//#object: unit.S -> second.o
//#link[collected]: -Wl,--gc-sections -Wl,--version-script=$SRC/only-main
//#link: -Wl,-z,notext
//#without: lld what is dropped reads as 0
//#without: mold what is dropped reads as its offset
//#without: bfd what is dropped reads as 0
//#check: objcopy -O binary -j .debug_references --set-section-flags .debug_references=alloc $OUT refs; od -An -v -tu8 -w8 refs | tr -d '\n' > numbers
//#check[all]: cat numbers ~ ^ +17 +28 +8 +28 +1 +17 +28 +8 +0 +0$
//#check[collected]: cat numbers ~ ^ +17 +0 +8 +17 +1 +17 +0 +8 +0 +0$
//#check[all]: readelf -p .aside $OUT ~ of sharedof uncalleddifferent
//#check[collected]: readelf -p .aside $OUT ~ of shareddifferent
//#check: readelf -p .debug_macro $OUT ~ in frontmacros$
//#exit: 7
int shared(void);
int main(void) { return shared(); }
