// What Swift's Glibc module hides, declared by hand: the module is built without _GNU_SOURCE.
#ifndef WELD_CSYSTEM_H
#define WELD_CSYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int weld_open(const char *path, int flags, unsigned mode);
/// Opens a file in a directory that is open.
int weld_openat(int directory, const char *path, int flags);
ssize_t weld_pread(int fd, void *out, size_t length, int64_t offset);
int weld_close(int fd);
/// Opens a directory for nothing but to open files in it.
int weld_open_directory(const void *path);
int weld_fallocate(int fd, int mode, int64_t offset, int64_t length);
void *weld_mremap(void *old, size_t old_size, size_t new_size);
int weld_renameat2(const char *from, const char *to, unsigned flags);
ssize_t weld_copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset,
                             size_t length);
/// The number of processors this process may run on.
int weld_cpu_count(void);
/// __cxa_demangle of the C++ runtime; the result is malloc'ed.
char *weld_demangle_cxx(const char *mangled, int *status);
/// swift_demangle of the Swift runtime; the result is malloc'ed.
char *weld_demangle_swift(const char *mangled, size_t length);
/// The demangler of a language's runtime.
typedef enum { WELD_DEMANGLER_CXX, WELD_DEMANGLER_SWIFT } weld_demangler;
/// Demangles in a child process with limits on time and memory, for names that could make a
/// demangler misbehave: the length of what was written to `out`, -1 where the name is not mangled
/// (or the child failed), -2 where the time ran out.
ssize_t weld_demangle_in_child(weld_demangler demangler, const char *mangled, size_t length,
                               char *out, size_t capacity, int timeout_ms);

/// The memory ledger of the calling thread; null for none.
extern _Thread_local void *weld_thread_ledger;
static inline void *weld_bound_ledger(void) { return weld_thread_ledger; }
static inline void weld_bind_ledger(void *ledger) { weld_thread_ledger = ledger; }

/// Two numbers that differ in each process and are set before `main`: with them, who writes an input
/// cannot know which of its names meet in a hash table. They are fixed where the environment has
/// SWIFT_DETERMINISTIC_HASHING.
extern uint64_t weld_hash_seeds[2];
static inline uint64_t weld_hash_seed(void) { return weld_hash_seeds[0]; }
static inline uint64_t weld_hash_multiplier(void) { return weld_hash_seeds[1]; }

static inline void weld_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }
static inline void weld_prefetch_write(const void *p) { __builtin_prefetch(p, 1, 3); }

/// Makes the main thread's stack 1 MiB larger than it is now, if its limit is far enough away.
void weld_grow_stack(void);

/// Bytes of memory and swap that the machine has.
int64_t weld_memory_size(void);

// Tracing another process: ProcessTrace.c. All return -1 and set errno where they fail. Apart from
// `weld_trace_wait` and `weld_trace_seize`, a thread that is not in a stop of the calling tracer
// thread is ESRCH.

/// Becomes the tracer of a thread, which runs on.
int weld_trace_seize(pid_t thread);
/// Asks a seized thread to stop.
int weld_trace_interrupt(pid_t thread);
/// Lets a stopped thread go for good, with `signal` delivered to it unless it is 0.
int weld_trace_detach(pid_t thread, int signal);
/// A register set (NT_...) of a stopped thread: the number of bytes that the kernel has of it.
ssize_t weld_trace_registers(pid_t thread, int set, void *out, size_t capacity);
/// What a stopped thread stopped for: a signal number, and above its low 8 bits the event
/// (WELD_TRACE_EVENT_STOP, or 0 where the signal is about to be delivered).
int weld_trace_stop_reason(pid_t thread);
#define WELD_TRACE_EVENT_STOP 128
/// Reads and writes a word of a stopped thread's memory.
int weld_trace_peek(pid_t thread, uint64_t address, uint64_t *word);
int weld_trace_poke(pid_t thread, uint64_t address, uint64_t word);
/// Takes a report on a traced thread without waiting: 0 where there is none, 1 where it stopped
/// (`reason` as above), 2 where it is gone. The end of a process' first thread is left to who
/// waits for the process, so it is only reported where `reaps` is not 0.
int weld_trace_wait(pid_t thread, int reaps, int *reason);

/// Reads another process' memory up to the first page that it could not read itself: the number
/// of bytes, at most 64 pages.
ssize_t weld_process_read(pid_t thread, uint64_t address, void *out, size_t length);
pid_t weld_thread_id(void);
/// Makes the calling thread's sleeps end in time, and as far as this process may, puts it before
/// others.
void weld_hurry(void);
/// 0 while the thread exists.
int weld_thread_check(pid_t process, pid_t thread);
int weld_pidfd_open(pid_t process);
int weld_pidfd_signal(int pidfd, int signal);

#endif
