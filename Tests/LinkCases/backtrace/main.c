// backtrace() walks the frames with the unwind table that .eh_frame_hdr indexes.
//#kinds: static static-pie pie no-pie shared
//#compile: -O0 -fno-omit-frame-pointer
//#compile: -fasynchronous-unwind-tables
//#object: deep.c
//#check[!static]: readelf -lW $OUT ~ GNU_EH_FRAME
//#exit: 0
#include <execinfo.h>
void *frames[30];
int count;
int deep(int, void (*)(void));
__attribute__((noinline)) void take(void) { count = backtrace(frames, 30); }
int main(void) {
  deep(10, take);
  int inside = 0;
  for (int i = 0; i < count; i++) inside += (char *)frames[i] >= (char *)deep && (char *)frames[i] < (char *)deep + 200;
  return inside == 11 ? 0 : inside + 1;
}
