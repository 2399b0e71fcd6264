// An address from the command line that does not fit is an error, not arithmetic that wraps around.
//#kinds: pie no-pie shared
//#drivers: gcc
//#each: WHAT = base-end base-odd text-end text-far id-end dynamic got tls page-common page-max
//#without: mold gives other errors, or none
//#without: bfd gives other errors, or none
//#without: lld gives other errors, or none
//#without: no-pie+text-far far apart is no error by itself where nothing is relocated
//#link[base-end]: -Wl,--image-base=0xfffffffffffff000
//#expect-error[base-end]: at 0xfffffffffffff
//#link[base-odd]: -Wl,--image-base=0xffffffffffffffff
//#expect-error[base-odd]: the image base 0xffffffffffffffff is not a multiple of the page size 0x1000
//#link[text-end]: -Wl,--section-start=.text=0xffffffffffffffff
//#expect-error[text-end]: section .text at 0xffffffffffffffff does not fit in the address space
//#link[text-far]: -Wl,--section-start=.text=0xffffffffffff0000
//#expect-error[text-far]: further apart than a process has addresses
//#link[id-end]: -Wl,--build-id -Wl,--section-start=.note.gnu.build-id=0xfffffffffffffff8
//#expect-error[id-end]: section .note.gnu.build-id at 0xfffffffffffffff8 does not fit in the address space
//#link[dynamic]: -Wl,--section-start=.dynamic=0
//#expect-error[dynamic]: section .dynamic at 0x0 does not follow on the other sections that become read-only
//#link[got]: -Wl,--section-start=.got=0x70000000
//#expect-error[got]: section .got at 0x70000000 does not follow on the other sections that become read-only
//#link[tls]: -Wl,--section-start=.tbss=0x10,--section-start=.tdata=0x7000000 -Wl,-z,norelro
//#expect-error[tls]: thread-local section .tbss at 0x10 lies before the first of them
//#link[page-common]: -Wl,-z,common-page-size=0x8000000000000000
//#expect-error[page-common]: is more than the largest page that a machine has
//#link[page-max]: -Wl,-z,max-page-size=0x8000000000000000
//#expect-error[page-max]: is more than the largest page that a machine has
extern int *__errno_location(void);
__thread int set = 3, unset;
int main(void) { return *__errno_location() + set + unset; }
