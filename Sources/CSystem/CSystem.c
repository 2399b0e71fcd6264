#define _GNU_SOURCE
#include "CSystem.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

_Thread_local void *weld_thread_ledger;

uint64_t weld_hash_seeds[2];

// The kernel gives each program 16 random bytes. The C library takes its own secrets from them: they
// are not used as they are.
__attribute__((constructor)) static void draw_hash_seeds(void) {
  uint64_t words[2] = {(uint64_t)(uintptr_t)&words, (uint64_t)getpid()};
  const void *random = (const void *)getauxval(AT_RANDOM);
  // The same for the language runtime's tables: a program is to take the same steps again.
  if (getenv("SWIFT_DETERMINISTIC_HASHING")) memset(words, 0, sizeof words);
  else if (random) memcpy(words, random, sizeof words);
  for (int i = 0; i < 2; i++) {
    // The finaliser of SplitMix64: every bit of the result depends on all of the word.
    uint64_t x = words[i] + (words[1 - i] ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9 + (uint64_t)i;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    weld_hash_seeds[i] = x ^ x >> 31;
  }
  // It is multiplied with.
  weld_hash_seeds[1] |= 1;
}

// The C library's functions of these names are points where a thread may be cancelled, which costs
// each call two atomic changes once there are several threads. Nobody cancels threads here. Where a
// file's offset is wider than a register, the calls take it in a form that is the C library's business.
#ifdef __LP64__
int weld_open(const char *path, int flags, unsigned mode) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

int weld_openat(int directory, const char *path, int flags) {
  return (int)syscall(SYS_openat, directory, path, flags | O_CLOEXEC, 0);
}

ssize_t weld_pread(int fd, void *out, size_t length, int64_t offset) {
  return syscall(SYS_pread64, fd, out, length, offset);
}

int weld_close(int fd) { return (int)syscall(SYS_close, fd); }
#else
int weld_open(const char *path, int flags, unsigned mode) {
  return open(path, flags | O_CLOEXEC, mode);
}

int weld_openat(int directory, const char *path, int flags) {
  return openat(directory, path, flags | O_CLOEXEC);
}

ssize_t weld_pread(int fd, void *out, size_t length, int64_t offset) {
  return pread64(fd, out, length, offset);
}

int weld_close(int fd) { return close(fd); }
#endif

int weld_open_directory(const void *path) {
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int weld_fallocate(int fd, int mode, int64_t offset, int64_t length) {
  return fallocate(fd, mode, offset, length);
}

void *weld_mremap(void *old, size_t old_size, size_t new_size) {
  return mremap(old, old_size, new_size, MREMAP_MAYMOVE);
}

int weld_renameat2(const char *from, const char *to, unsigned flags) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

ssize_t weld_copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset,
                             size_t length) {
  return copy_file_range(from, (off64_t *)from_offset, to, (off64_t *)to_offset, length, 0);
}

int weld_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

// Both runtimes are part of every Swift program on Linux.
extern char *__cxa_demangle(const char *, char *, size_t *, int *);
extern char *swift_demangle(const char *, size_t, char *, size_t *, uint32_t);

char *weld_demangle_cxx(const char *mangled, int *status) {
  return __cxa_demangle(mangled, NULL, NULL, status);
}

char *weld_demangle_swift(const char *mangled, size_t length) {
  return swift_demangle(mangled, length, NULL, NULL, 0);
}

static __attribute__((noinline)) void touch_stack(void) {
  // The kernel extends the stack to the lowest address that is touched; what lies between costs
  // nothing until it is used.
  volatile char room[1 << 20];
  room[0] = 0;
}

void weld_grow_stack(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 4 << 20) touch_stack();
}

int64_t weld_memory_size(void) {
  struct sysinfo info;
  if (sysinfo(&info) != 0) return INT64_MAX;
  return (int64_t)((uint64_t)info.totalram + info.totalswap) * info.mem_unit;
}
