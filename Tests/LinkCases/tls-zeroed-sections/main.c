// Thread-local sections without bytes take no addresses outside the TLS segment, and follow each other
// inside, whatever their names, alignments and permissions.
//#kinds: static static-pie pie no-pie shared
//#each: RELRO = relro norelro
//#without: bfd only sections called .tbss follow each other
//#without: mold the largest alignment is not that of the segment
//#without: lld a read-only section is not in the segment
//#object: sections.S
//#link: -Wl,-z,$RELRO -pthread
//#stdout: 0 0
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
extern _Thread_local char first[512], second[512], third[40];
extern _Thread_local long fourth, fifth;
char ordinary[300];

static int is(const char *bytes, int count, int value) {
  for (int i = 0; i < count; i++) {
    if (bytes[i] != value) return 0;
  }
  return 1;
}

static void *check(void *unused) {
  intptr_t bad = 0;
  if (!is(first, 512, 0) || !is(second, 512, 0) || !is(third, 40, 0)) bad |= 1;
  if ((uintptr_t)third % 0x4000) bad |= 2;
  memset(first, 1, 512), memset(second, 2, 512), memset(third, 3, 40);
  if (!is(first, 512, 1) || !is(second, 512, 2) || !is(third, 40, 3)) bad |= 4;
  if (fourth != 77 || fifth != 78) bad |= 8;
  if (!is(ordinary, 300, 0)) bad |= 16;
  return (void *)bad;
}

int main(void) {
  pthread_t thread;
  void *here = check(0), *there;
  pthread_create(&thread, 0, check, 0);
  pthread_join(thread, &there);
  printf("%ld %ld\n", (long)here, (long)there);
}
