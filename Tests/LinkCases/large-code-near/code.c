#include <string.h>
#include <unwind.h>
extern char huge[];
static int frames;
static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *unused) {
  frames++;
  return _URC_NO_REASON;
}
static __attribute__((noinline)) int deeper(char *place) {
  *place = 40;
  _Unwind_Backtrace(count, 0);
  return *place + (frames >= 3 ? 2 : 0);
}
int main(void) { return deeper(&huge[0x83000000]); }
