// ptrace and what belongs to it, each call with the types that it has for its request.
//
// Sources: ptrace(2), waitid(2), process_vm_readv(2), pidfd_open(2), pidfd_send_signal(2).
#define _GNU_SOURCE
#include "CSystem.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(WELD_TRACE_EVENT_STOP == PTRACE_EVENT_STOP, "the kernel's number");

static int trace(int request, pid_t thread, uintptr_t address, uintptr_t data) {
  return (int)ptrace(request, thread, (void *)address, (void *)data);
}

// Without options: above all without PTRACE_O_EXITKILL, so that the traced process outlives us.
int weld_trace_seize(pid_t thread) { return trace(PTRACE_SEIZE, thread, 0, 0); }

int weld_trace_interrupt(pid_t thread) { return trace(PTRACE_INTERRUPT, thread, 0, 0); }

int weld_trace_detach(pid_t thread, int signal) {
  return trace(PTRACE_DETACH, thread, 0, (uintptr_t)signal);
}

ssize_t weld_trace_registers(pid_t thread, int set, void *out, size_t capacity) {
  struct iovec where = {out, capacity};
  if (trace(PTRACE_GETREGSET, thread, (uintptr_t)set, (uintptr_t)&where) != 0) return -1;
  return (ssize_t)where.iov_len;
}

int weld_trace_stop_reason(pid_t thread) {
  siginfo_t info;
  if (trace(PTRACE_GETSIGINFO, thread, 0, (uintptr_t)&info) != 0) return -1;
  // An event's code holds the event above the signal; a signal's own codes are small or negative.
  int event = info.si_code >> 8;
  if (event == PTRACE_EVENT_STOP && (info.si_code & 0xff) == info.si_signo) return info.si_code;
  return info.si_signo;
}

int weld_trace_peek(pid_t thread, uint64_t address, uint64_t *word) {
  errno = 0;
  long value = ptrace(PTRACE_PEEKDATA, thread, (void *)(uintptr_t)address, NULL);
  if (value == -1 && errno != 0) return -1;
  *word = (uint64_t)(unsigned long)value;
  return 0;
}

int weld_trace_poke(pid_t thread, uint64_t address, uint64_t word) {
  return trace(PTRACE_POKEDATA, thread, (uintptr_t)address, (uintptr_t)word);
}

int weld_trace_wait(pid_t thread, int reaps, int *reason) {
  siginfo_t info = {0};
  int options = WSTOPPED | WNOHANG | __WALL | (reaps ? WEXITED : 0);
  if (waitid(P_PID, (id_t)thread, &info, options) != 0) return -1;
  if (info.si_pid == 0) return 0;
  if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
    *reason = info.si_status;
    return 1;
  }
  return 2;
}

ssize_t weld_process_read(pid_t thread, uint64_t address, void *out, size_t length) {
  // An element for each page, as a transfer ends with the last whole element that could be read.
  struct iovec pages[64], whole = {out, 0};
  unsigned count = 0;
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  for (; count < 64 && whole.iov_len < length; count++) {
    uint64_t at = address + whole.iov_len;
    uint64_t part = page - at % page;
    if (part > length - whole.iov_len) part = length - whole.iov_len;
    pages[count] = (struct iovec){(void *)(uintptr_t)at, part};
    whole.iov_len += part;
  }
  return process_vm_readv(thread, &whole, 1, pages, count, 0);
}

pid_t weld_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

void weld_hurry(void) {
  prctl(PR_SET_TIMERSLACK, 1000UL);
  setpriority(PRIO_PROCESS, (id_t)weld_thread_id(), -20);
}

int weld_thread_check(pid_t process, pid_t thread) {
  return (int)syscall(SYS_tgkill, process, thread, 0);
}

int weld_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int weld_pidfd_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
