// Demangling names that nobody can vouch for.
//
// A mangled name is a program for its demangler: with substitutions that refer to substitutions, a
// hundred bytes describe 2^50 bytes of text, and the demanglers of the C++ and Swift runtimes write
// them all. Neither has a limit that a caller could set, so a name that might be such a bomb is
// demangled in a child process that may be killed. That costs a millisecond or so, and happens
// only while an error is being reported.
#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// How much more than its parent the child may map.
static const rlim_t child_memory = (rlim_t)256 << 20;

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The address space in use, in bytes; 0 where it is unknown.
static rlim_t mapped_bytes(void) {
  char text[64];
  int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  return (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit(int resource, rlim_t value) {
  struct rlimit old;
  if (getrlimit(resource, &old) != 0) return;
  if (old.rlim_max < value) value = old.rlim_max;
  struct rlimit new = {value, value};
  setrlimit(resource, &new);
}

_Noreturn static void run_child(weld_demangler demangler, const char *mangled, size_t length,
                                size_t capacity, int fd) {
  // Whatever the child dies of, it dies silently: no handler, no message, no core.
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGXCPU};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], SIG_DFL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    dup2(null, 1);
    dup2(null, 2);
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 2);
  rlim_t mapped = mapped_bytes();
  if (mapped != 0) limit(RLIMIT_AS, mapped + child_memory);

  int status = 0;
  char *text = demangler == WELD_DEMANGLER_CXX ? weld_demangle_cxx(mangled, &status)
                                               : weld_demangle_swift(mangled, length);
  if (text == NULL) _exit(1);
  size_t left = strnlen(text, capacity);
  while (left > 0) {
    ssize_t n = write(fd, text, left);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    text += n;
    left -= (size_t)n;
  }
  _exit(0);
}

ssize_t weld_demangle_in_child(weld_demangler demangler, const char *mangled, size_t length,
                               char *out, size_t capacity, int timeout_ms) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return -1;
  }
  if (child == 0) run_child(demangler, mangled, length, capacity, ends[1]);
  close(ends[1]);

  int64_t deadline = milliseconds() + timeout_ms;
  size_t count = 0;
  ssize_t result = -1;
  while (count < capacity) {
    int64_t left = deadline - milliseconds();
    struct pollfd wanted = {ends[0], POLLIN, 0};
    int ready = left > 0 ? poll(&wanted, 1, (int)left) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      result = -2;
      break;
    }
    ssize_t n = read(ends[0], out + count, capacity - count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    count += (size_t)n;
  }
  close(ends[0]);
  if (result == -2) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (result == -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && count > 0) {
    result = (ssize_t)count;
  }
  return result;
}
