// What Swift's Glibc module hides, declared by hand: the module is built without _GNU_SOURCE.
#ifndef WELD_CSYSTEM_H
#define WELD_CSYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int weld_open(const char *path, int flags, unsigned mode);
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

static inline void weld_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }
static inline void weld_prefetch_write(const void *p) { __builtin_prefetch(p, 1, 3); }

/// Makes the main thread's stack 1 MiB larger than it is now, if its limit is far enough away.
void weld_grow_stack(void);

/// Bytes of memory and swap that the machine has.
int64_t weld_memory_size(void);

#endif
