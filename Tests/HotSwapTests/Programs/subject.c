// The program that the tests swap code in: threads that call functions through a table of slots,
// functions in a room of their own, and a page of counters shared with the test.
//
// Usage: subject COUNTERS-FILE MODE... ; MODE is `threads=N`, or one of the words looked up below.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 16

// As the test has it: words of 8 bytes, in this order.
struct counters {
  _Atomic uint64_t room, room_size, slots, variable, read_only_file, constants;
  _Atomic uint64_t ready, stop, hold, errors, calls, version;
  _Atomic uint64_t alarms, sent, received, threads_made, children_made, odd_results;
  _Atomic uint64_t held, interrupted, generation, hold_pointer;
};
static struct counters *counters;

#if defined __x86_64__
#define FILL ".fill 262144, 1, 0xcc\n"
// mov $0, %eax; ret
#define FIRST ".byte 0xb8, 0, 0, 0, 0, 0xc3\n"
#else
#define FILL ".fill 65536, 4, 0xd4200000\n"
// mov w0, #0; ret
#define FIRST ".inst 0x52800000\n.inst 0xd65f03c0\n"
#endif

__asm__(".pushsection .hot.text,\"ax\",%progbits\n.p2align 12\nroom:\n" FIRST FILL
        "room_end:\n.popsection\n");
extern char room[], room_end[];

// In memory that the program itself cannot write.
typedef int function(void);
__attribute__((section(".hot.slots"), aligned(4096))) function *const slots[SLOTS] = {
    (function *)room, (function *)room, (function *)room, (function *)room,
    (function *)room, (function *)room, (function *)room, (function *)room,
    (function *)room, (function *)room, (function *)room, (function *)room,
    (function *)room, (function *)room, (function *)room, (function *)room};
__attribute__((section(".hot.constants"), aligned(4096))) const char constants[4096] = {1};
volatile uint64_t variable[512] = {1};

static void error(const char *what) {
  fprintf(stderr, "subject: %s (errno %d)\n", what, errno);
  counters->errors++;
}

static int call(int slot) { return ((function *const volatile *)slots)[slot](); }

// What functions of the room call to stay: their return address is on the stack then.
static void hold(void) {
  counters->held++;
  struct timespec while_waiting = {0, 200000};
  while (counters->hold) nanosleep(&while_waiting, NULL);
  counters->held--;
}
void (*volatile hold_pointer)(void) = hold;

// Versions never go back, and all slots have the same one at any moment.
static void check_once(void) {
  int before = call(0);
  int other = call(1 + before % (SLOTS - 2));
  int after = call(0);
  if (before == after && other != before) error("slots of different versions");
  if (other < before || after < other) error("a version went back");
  counters->version = (uint64_t)after;
  counters->calls += 3;
}

static void *spin(void *unused) {
  while (!counters->stop) {
    for (int i = 0; i < 100; i++) check_once();
    struct timespec pause = {0, 20000};
    nanosleep(&pause, NULL);
  }
  return unused;
}

// In system calls that are interrupted when a thread stops: none of it may show.
static void *wait_a_lot(void *unused) {
  int ends[2];
  if (pipe(ends) != 0) error("pipe");
  while (!counters->stop) {
    struct timespec pause = {0, 3000000};
    if (nanosleep(&pause, NULL) != 0 && errno != EINTR) error("nanosleep");
    struct pollfd wanted = {ends[0], POLLIN, 0};
    if (poll(&wanted, 1, 3) != 0) {
      counters->interrupted++;
    }
    check_once();
  }
  return unused;
}

static void *one_call(void *unused) {
  check_once();
  return unused;
}

static void *make_threads(void *unused) {
  while (!counters->stop) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
      if (pthread_create(&threads[i], NULL, one_call, NULL) != 0) error("pthread_create");
    }
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    counters->threads_made += 4;
  }
  return unused;
}

static void *make_children(void *unused) {
  extern char **environ;
  char *arguments[] = {"true", NULL};
  for (int i = 0; !counters->stop; i++) {
    pid_t child;
    if (i % 3 == 0) {
      child = fork();
      if (child == 0) {
        int version = call(0);
        _exit(call(1) == version ? 0 : 3);
      }
    } else if (i % 3 == 1) {
      if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) != 0) error("spawn");
    } else {
      child = vfork();
      if (child == 0) _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) {
      counters->odd_results++;
      error("a child failed");
    }
    counters->children_made++;
  }
  return unused;
}

static void on_alarm(int signal) {
  (void)signal;
  counters->alarms++;
}

static void on_queued(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)context;
  if (info->si_value.sival_int != 4711) counters->odd_results++;
  counters->received++;
}

static void *send_signals(void *unused) {
  while (!counters->stop) {
    union sigval value = {.sival_int = 4711};
    // Queued signals are counted, not merged: each one sent must arrive.
    if (sigqueue(getpid(), SIGRTMIN + 3, value) == 0) counters->sent++;
    struct timespec pause = {0, 100000};
    nanosleep(&pause, NULL);
  }
  for (int i = 0; i < 2000 && counters->received < counters->sent; i++) usleep(1000);
  return unused;
}

static void on_own_stack(int signal) {
  (void)signal;
  counters->held++;
  while (counters->hold) usleep(200);
  counters->held--;
}

// A function of the room calls this: it handles a signal on another stack, and stays there.
static void interrupt_self(void) {
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = on_own_stack, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR2, &action, NULL);
  raise(SIGUSR2);
}

static int deep(int levels) {
  volatile char bytes[4096];
  bytes[0] = (char)levels;
  if (levels > 0) return deep(levels - 1) + bytes[0] * 0;
  while (!counters->stop) {
    call(SLOTS - 1);
    usleep(1000);
  }
  return bytes[0];
}

static void *call_last(void *levels) {
  deep((int)(intptr_t)levels);
  return NULL;
}

static int has(int count, char **words, const char *word) {
  for (int i = 2; i < count; i++) {
    if (strcmp(words[i], word) == 0) return 1;
  }
  return 0;
}

// What programs do at the very beginning: children, in all the ways in which they are made.
static void begin(int count, char **words) {
  extern char **environ;
  char *arguments[] = {"true", NULL};
  for (int i = 0; i < 3; i++) {
    pid_t child = 0;
    int status = 0;
    if (has(count, words, "vforks")) {
      child = vfork();
      if (child == 0) {
        usleep(3000);
        _exit(0);
      }
    }
    if (has(count, words, "spawns") &&
        posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) != 0) {
      error("spawn");
    }
    if (child != 0 && (waitpid(child, &status, 0) != child || status != 0)) error("a child failed");
    if (has(count, words, "shells") && system("exit 0") != 0) error("system");
  }
}

int main(int count, char **words) {
  if (has(count, words, "ends")) return 33;
  int file = open(words[1], O_RDWR);
  counters = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  int read_only = open(words[1], O_RDONLY);
  counters->read_only_file =
      (uintptr_t)mmap(NULL, 4096, PROT_READ, MAP_SHARED, read_only, 0);
  counters->room = (uintptr_t)room;
  counters->room_size = (uintptr_t)(room_end - room);
  counters->slots = (uintptr_t)slots;
  counters->variable = (uintptr_t)variable;
  counters->constants = (uintptr_t)constants;
  counters->hold_pointer = (uintptr_t)&hold_pointer;

  begin(count, words);
  struct sigaction alarm = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &alarm, NULL);
  struct sigaction queued = {.sa_sigaction = on_queued, .sa_flags = SA_RESTART | SA_SIGINFO};
  sigaction(SIGRTMIN + 3, &queued, NULL);
  if (has(count, words, "other-stack")) hold_pointer = interrupt_self;
  if (has(count, words, "timer")) {
    struct itimerval often = {{0, 500}, {0, 500}};
    setitimer(ITIMER_REAL, &often, NULL);
  }

  pthread_t threads[64];
  int made = 0;
  int spinning = 2;
  for (int i = 2; i < count; i++) sscanf(words[i], "threads=%d", &spinning);
  for (int i = 0; i < spinning; i++) pthread_create(&threads[made++], NULL, spin, NULL);
  if (has(count, words, "waiting")) pthread_create(&threads[made++], NULL, wait_a_lot, NULL);
  if (has(count, words, "churn")) pthread_create(&threads[made++], NULL, make_threads, NULL);
  if (has(count, words, "children")) pthread_create(&threads[made++], NULL, make_children, NULL);
  if (has(count, words, "queue")) pthread_create(&threads[made++], NULL, send_signals, NULL);
  if (has(count, words, "last")) pthread_create(&threads[made++], NULL, call_last, NULL);
  if (has(count, words, "deep")) {
    pthread_create(&threads[made++], NULL, call_last, (void *)(intptr_t)200);
  }
  counters->generation++;
  // Until the child ends, this thread does not stop: it is ready once there is one.
  const int is_vforking = has(count, words, "vfork");
  if (!is_vforking) counters->ready = 1;
  if (has(count, words, "no-leader")) pthread_exit(NULL);
  if (is_vforking && vfork() == 0) {
    // It ends with its parent, whose streams it has.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    counters->ready = 1;
    // The test says when it begins.
    while (!counters->held && !counters->stop) usleep(200);
    usleep(100000);
    _exit(0);
  }
  if (has(count, words, "first-calls")) call_last(NULL);
  while (!counters->stop) {
    if (counters->hold == 2) {
      counters->hold = 0;
      execv("/proc/self/exe", words);
    }
    usleep(1000);
  }
  for (int i = 0; i < made; i++) pthread_join(threads[i], NULL);
  return counters->errors != 0 ? 1 : 42;
}
