/* Calls weld.h as nobody should: wild numbers in every field, too little memory and disk, several
 * threads in one handle, a lazy provider that does what it may not. Whatever happens, a call returns,
 * the image stays whole, and the program at the end runs.
 *
 *     wild DIRECTORY [SEED]
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "wild.c"
#include "common.h"

/* xorshift64*. */
static uint64_t state;
static uint64_t chance(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}
static uint64_t below(uint64_t limit) { return chance() % limit; }

/* A number that somebody may have calculated wrong: about a power of two, or any. */
static uint64_t wild(void) {
  switch (below(8)) {
    case 0: return below(4);
    case 1: return chance();
    case 2: return UINT64_MAX - below(130);
    case 3: return (uint64_t)INT64_MAX - below(130);
    case 4: return 0 - ((uint64_t)1 << below(64));
    default: return ((uint64_t)1 << below(64)) + below(3) - 1;
  }
}
/* Mostly what makes sense. */
static uint64_t number(uint64_t sensible) { return below(6) == 0 ? wild() : sensible; }

/* How many elements there are, or far too many: what a few too many lead to, nobody can tell. */
static uint64_t count(uint64_t elements) {
  const uint64_t any = number(elements);
  return any <= elements || any >= 1 << 20 ? any : elements;
}

static weld_image *make(const char *name, uint64_t reserve, uint64_t live) {
  weld_image_options options = options_for(WELD_MACHINE_X86_64, name);
  options.reserve = reserve;
  options.live_reserve = live;
  weld_image *image = NULL;
  char *message = NULL;
  if (weld_image_create(&options, &image, &message) != WELD_OK) {
    fprintf(stderr, "wild: %s\n", message);
    exit(1);
  }
  return image;
}

static void whole_at(int line, weld_image *image) {
  char *text = NULL;
  expect_at(line, weld_image_violations(image, &text) == WELD_OK, "violations");
  if (text != NULL) failed_at(line, "violations", text);
  weld_free(text);
}
#define WHOLE() whole_at(__LINE__, image)

static weld_result place(weld_image *image, uint64_t key, const uint8_t *code, size_t size) {
  char name[32];
  snprintf(name, sizeof name, "f%llu", (unsigned long long)key);
  const weld_function function = function_of(name, code, size);
  return weld_image_update_function(image, key, &function, NULL);
}

/* mov edi, VALUE; mov eax, 60 (exit); syscall */
static void start(weld_image *image, uint8_t value) {
  const uint8_t code[] = {0xbf, value, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
  DONE(place(image, 1, code, sizeof code));
  export_as(image, 1, "_start");
}

static void runs_at(int line, weld_image *image, int value) {
  const pid_t child = fork();
  if (child == 0) {
    execl(weld_image_path(image), "program", (char *)NULL);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == value) return;
  failures++;
  fprintf(stderr, "wild.c:%d: %s: the program ends with status %x, not %d\n", line, what, status,
          value);
}
#define RUNS(value) runs_at(__LINE__, image, value)

/* ---- Wild numbers ---- */

static const uint8_t bytes[1 << 16] = {0x90, 0x90, 1, 2, 3};
static weld_relocation relocations[64];
static weld_debug_line lines[64];

static uint64_t some_key(void) { return below(5) == 0 ? wild() | 8 : 8 + below(60); }
static weld_symbol some_symbol(void) { return (weld_symbol)number(below(80)); }

/* Three decades of sizes. */
static size_t some_size(void) {
  static const size_t limits[] = {1, 30, 300, 3000, 30000};
  return below(limits[below(5)] + 1);
}

static void fill_relocations(size_t size) {
  for (size_t i = 0; i < 64; i++) {
    relocations[i].offset = number(size / 64 * i);
    relocations[i].addend = (int64_t)number(0);
    relocations[i].target = some_symbol();
    relocations[i].kind = (weld_relocation_kind)number(below(5));
  }
}

static weld_debug_type integer, array, structure;
static weld_debug_field fields[4];

static void fill_types(void) {
  memset(&integer, 0, sizeof integer);
  integer.kind = (weld_debug_type_kind)number(below(3));
  integer.name = "int";
  integer.bytes = number(4);
  memset(&array, 0, sizeof array);
  array.kind = WELD_TYPE_ARRAY;
  array.target = &integer;
  array.count = number(3);
  for (size_t i = 0; i < 4; i++) {
    fields[i].name = "field";
    fields[i].type = i % 2 == 0 ? &integer : &array;
    fields[i].offset = number(8 * i);
  }
  memset(&structure, 0, sizeof structure);
  structure.kind = WELD_TYPE_STRUCTURE;
  structure.name = "structure";
  structure.bytes = number(32);
  structure.fields = fields;
  structure.count = count(4);
}

static weld_result provide(void *user_data, weld_image *image, weld_lazy_kind kind, uint64_t key,
                           uint8_t is_table, weld_content *content) {
  (void)user_data, (void)kind, (void)key, (void)is_table;
  weld_symbol symbol = 0;
  if (below(4) == 0) weld_image_symbol(image, some_key(), &symbol);
  if (below(8) == 0) weld_image_destroy(image);
  if (below(8) == 0) EXPECT(weld_image_flush(image) == WELD_ERROR_INVALID);
  const size_t size = some_size();
  content->bytes = bytes;
  content->byte_count = count(size);
  content->alignment = (uint8_t)number(below(7));
  content->relocations = relocations;
  content->relocation_count = count(0);
  return (weld_result)number(WELD_OK);
}

static void wild_call(weld_image *image) {
  const uint64_t key = some_key();
  const size_t size = some_size();
  weld_symbol symbol = 0;
  uint64_t address = 0;
  size_t length = 0;
  uint8_t buffer[WELD_CALL_SEQUENCE_MAX];
  fill_relocations(size);
  fill_types();
  weld_debug_unit unit;
  memset(&unit, 0, sizeof unit);
  unit.size = sizeof unit;
  unit.path = "wild.source";
  unit.directory = "/";
  unit.producer = "wild";
  unit.language = (uint16_t)number(0);
  for (size_t i = 0; i < 64; i++) {
    lines[i].offset = (uint32_t)number(size / 64 * i);
    lines[i].line = (uint32_t)number(i);
    lines[i].column = (uint32_t)number(i);
  }
  switch (below(14)) {
    case 0: {
      weld_debug_local locals[2] = {{"a", &integer, (int64_t)number(8), 1},
                                    {"b", &structure, (int64_t)number(16), 0}};
      weld_function_debug debug;
      memset(&debug, 0, sizeof debug);
      debug.size = number(sizeof debug);
      debug.unit = &unit;
      debug.name = "function";
      debug.lines = lines;
      debug.line_count = count(below(64));
      debug.result = below(2) == 0 ? &array : NULL;
      debug.locals = locals;
      debug.local_count = count(2);
      debug.frame_instructions = bytes;
      debug.frame_instruction_size = count(below(20));
      debug.frame_register = (uint8_t)number(6);
      weld_function function;
      memset(&function, 0, sizeof function);
      function.size = number(sizeof function);
      function.name = "function";
      function.code = bytes;
      function.code_size = count(size);
      function.relocations = relocations;
      function.relocation_count = count(below(3) == 0 ? below(64) : 0);
      function.debug = below(2) == 0 ? &debug : NULL;
      function.alignment = (uint8_t)number(4);
      weld_image_update_function(image, key, &function, &symbol);
      break;
    }
    case 1:
    case 2:
    case 3: {
      weld_variable_debug debug;
      memset(&debug, 0, sizeof debug);
      debug.size = sizeof debug;
      debug.unit = &unit;
      debug.name = "variable";
      debug.type = &structure;
      weld_data data;
      memset(&data, 0, sizeof data);
      data.size = number(sizeof data);
      data.name = "data";
      data.bytes = below(3) == 0 ? bytes + 100 : bytes;
      data.byte_count = count(size);
      data.zero_fill = number(below(2) == 0 ? size : 0);
      data.relocations = relocations;
      data.relocation_count = count(below(3) == 0 ? below(64) : 0);
      data.debug = below(3) == 0 ? &debug : NULL;
      data.kind = (weld_data_kind)number(below(3));
      data.alignment = (uint8_t)number(below(7));
      weld_image_update_data(image, key, &data, &symbol);
      break;
    }
    case 4: {
      weld_content content;
      memset(&content, 0, sizeof content);
      content.size = number(sizeof content);
      content.bytes = bytes;
      content.byte_count = count(size);
      content.relocations = relocations;
      content.relocation_count = count(0);
      content.alignment = (uint8_t)number(3);
      weld_image_unnamed_constant(image, key, &content, &symbol);
      break;
    }
    case 5:
    case 6: {
      char names[2][20];
      weld_export list[2];
      for (int i = 0; i < 2; i++) {
        snprintf(names[i], sizeof names[i], "n%d", (int)below(12));
        list[i].name = names[i];
        list[i].section = below(8) == 0 ? (below(2) == 0 ? "mine" : ".dynamic") : NULL;
        list[i].binding = (weld_binding)number(below(4));
        list[i].visibility = (weld_visibility)number(below(3));
      }
      weld_image_update_exports(image, key, list, count(below(3)));
      break;
    }
    case 7: weld_image_free_declaration(image, key); break;
    case 8: {
      char name[20];
      snprintf(name, sizeof name, "n%d", (int)below(12));
      weld_image_imported_symbol(image, name, 1, &symbol);
      weld_image_offset_table_address(image, some_symbol(), &address);
      break;
    }
    case 9:
      weld_image_address(image, some_symbol(), some_symbol(), number(size), (int64_t)number(0),
                         &address);
      weld_image_current_address(image, some_symbol(), &address);
      break;
    case 10:
      weld_image_call_sequence(image, some_symbol(), buffer, number(sizeof buffer) | 64, &length);
      weld_call_sequence((weld_machine)number(1 + below(5)), wild(), buffer, sizeof buffer, &length);
      break;
    case 11:
      weld_image_lazy_symbol(image, (weld_lazy_kind)number(below(2)), number(below(9)), &symbol);
      if (below(9) == 0) weld_image_lazy_table(image, (weld_lazy_kind)number(below(2)), &symbol);
      break;
    case 12: weld_image_update_lines(image, key, lines, count(below(64))); break;
    default:
      if (below(20) == 0) weld_image_flush(image);
  }
}

static void test_options(void) {
  for (int i = 0; i < 3000; i++) {
    snprintf(what, sizeof what, "options %d", i);
    weld_image_options options;
    memset(&options, 0, sizeof options);
    options.size = number(sizeof options);
    options.machine = (weld_machine)number(1 + below(5));
    options.path = "/dev/null";
    options.base_address = number(0);
    options.reserve = number(0);
    options.live_reserve = number(0);
    options.thread_local_reserve = wild();
    weld_inputs inputs;
    memset(&inputs, 0, sizeof inputs);
    inputs.size = sizeof inputs;
    const char *directories[] = {"/"};
    inputs.library_directories = directories;
    inputs.library_directory_count = count(1);
    if (below(4) == 0) options.inputs = &inputs;
    weld_image *image = NULL;
    const weld_result result = weld_image_create(&options, &image, NULL);
    EXPECT((result == WELD_OK) == (image != NULL));
    if (image == NULL) continue;
    EXPECT(place(image, 1, bytes, 64) != WELD_ERROR_INVALID);
    weld_data data = data_of("data", bytes, 8);
    data.kind = WELD_DATA_THREAD_LOCAL;
    weld_image_update_data(image, 2, &data, NULL);
    WHOLE();
    weld_image_destroy(image);
  }
}

static void test_numbers(int calls, uint64_t reserve, uint64_t live) {
  weld_image *image = make("numbers", reserve, live);
  DONE(weld_image_set_lazy_provider(image, provide, NULL));
  for (int i = 0; i < calls; i++) {
    snprintf(what, sizeof what, "wild call %d", i);
    wild_call(image);
    if (i % 200 == 0) WHOLE();
  }
  WHOLE();
  /* Without what is wild in it, it is a program. */
  weld_image_destroy(image);
  image = make("numbers", 0, 0);
  start(image, 7);
  for (int i = 0; i < 1000; i++) {
    weld_data data = data_of("wild", bytes, count(0));
    data.zero_fill = number(0);
    data.kind = (weld_data_kind)below(3);
    weld_image_update_data(image, 9, &data, NULL);
    weld_image_free_declaration(image, 9);
  }
  DONE(weld_image_flush(image));
  RUNS(7);
  weld_image_destroy(image);
}

/* ---- Zeros ---- */

static void test_zeros(void) {
  snprintf(what, sizeof what, "zeros");
  weld_image *image = make("zeros", 0, 0);
  start(image, 3);
  weld_data data = data_of("data", bytes, 8);
  data.zero_fill = (uint64_t)4 << 30;
  for (int kind = 0; kind < 2; kind++) {
    data.kind = (weld_data_kind)kind;
    DONE(weld_image_update_data(image, 10 + (uint64_t)kind, &data, NULL));
    DONE(weld_image_flush(image));
    DONE(weld_image_flush(image));
  }
  struct stat status;
  EXPECT(stat(weld_image_path(image), &status) == 0 && status.st_blocks < 2048);
  struct rusage usage;
  EXPECT(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss < 200 << 10);
  WHOLE();
  weld_image_destroy(image);
}

/* ---- Too little room ---- */

/* What the process has of the address space. */
static uint64_t address_space(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu", &pages) != 1) pages = 0;
  if (file != NULL) fclose(file);
  return (uint64_t)pages * 4096;
}

static void limit(int kind, uint64_t bytes_more) {
  struct rlimit value;
  getrlimit((__rlimit_resource_t)kind, &value);
  value.rlim_cur = bytes_more;
  EXPECT(setrlimit((__rlimit_resource_t)kind, &value) == 0);
}

/* In a process of its own: fills an image until there is no memory, then goes on. */
static int fill_memory(uint64_t more, int is_large) {
  weld_image *image = make(is_large ? "large" : "small", 4 << 20, 0);
  start(image, 5);
  DONE(weld_image_flush(image));
  limit(RLIMIT_AS, address_space() + more);
  weld_result result = WELD_OK;
  uint64_t key = 100;
  static uint8_t code[1 << 16];
  memset(code, 0x90, sizeof code);
  weld_symbol target = 0;
  DONE(weld_image_symbol(image, 1, &target));
  while (result == WELD_OK && key < 40000000) {
    result = place(image, key, code, is_large ? sizeof code : 16);
    if (result == WELD_OK && key % 3 == 0) {
      weld_symbol symbol = 0;
      char name[40];
      snprintf(name, sizeof name, "exported_%llu", (unsigned long long)key);
      const weld_export list[] = {{name, NULL, WELD_BINDING_STRONG, WELD_VISIBILITY_DEFAULT}};
      result = weld_image_update_exports(image, key, list, 1);
      if (result == WELD_OK) result = weld_image_symbol(image, key, &symbol);
      uint64_t slot = 0;
      if (result == WELD_OK) result = weld_image_offset_table_address(image, symbol, &slot);
      if (result == WELD_OK && key % 5 == 0) {
        result = weld_image_imported_symbol(image, name, 0, &symbol);
      }
    }
    if (result == WELD_OK && key % 4 == 0) {
      weld_relocation list[8];
      memset(list, 0, sizeof list);
      for (size_t i = 0; i < 8; i++) {
        list[i].offset = i * 8;
        list[i].target = target;
      }
      weld_data data = data_of("table", bytes, 64);
      data.relocations = list;
      data.relocation_count = 8;
      result = weld_image_update_data(image, key + 50000000, &data, NULL);
    }
    key++;
  }
  EXPECT(result == WELD_ERROR_OUT_OF_ROOM);
  EXPECT(strlen(weld_image_error_message(image)) > 0);
  /* It stays so, and every other call returns, too. */
  for (int i = 0; i < 200; i++) place(image, key + (uint64_t)i, code, sizeof code);
  result = weld_image_flush(image);
  EXPECT(result == WELD_OK || result == WELD_ERROR_OUT_OF_ROOM);
  RUNS(5);
  limit(RLIMIT_AS, RLIM_INFINITY);
  start(image, 6);
  DONE(weld_image_flush(image));
  RUNS(6);
  weld_image_destroy(image);
  return failures;
}

/* An image takes the address space that its reserve says, and some for its tables. */
static int create_small(void) {
  snprintf(what, sizeof what, "address space");
  const uint64_t before = address_space();
  weld_image *image = make("space", 1 << 20, 0);
  start(image, 5);
  DONE(weld_image_flush(image));
  EXPECT(address_space() - before < 64 << 20);
  weld_image_destroy(image);
  return failures;
}

/* With a C library, which is linked by the flush. */
static int link_in_memory(uint64_t more, int is_static) {
  weld_image_options options = options_for(WELD_MACHINE_X86_64, "linked");
  options.reserve = 1 << 20;
  weld_inputs inputs;
  memset(&inputs, 0, sizeof inputs);
  inputs.size = sizeof inputs;
  inputs.startup_system = WELD_SYSTEM_LINUX_GLIBC;
  inputs.startup_mode = is_static ? WELD_MODE_STATIC : WELD_MODE_DYNAMIC;
  options.inputs = &inputs;
  weld_image *image = NULL;
  EXPECT(weld_image_create(&options, &image, NULL) == WELD_OK);
  /* mov eax, 9; ret */
  const uint8_t code[] = {0xb8, 9, 0, 0, 0, 0xc3};
  DONE(place(image, 1, code, sizeof code));
  export_as(image, 1, "main");
  limit(RLIMIT_AS, address_space() + more);
  weld_result result = weld_image_flush(image);
  EXPECT(result == WELD_OK || result == WELD_ERROR_OUT_OF_ROOM);
  limit(RLIMIT_AS, RLIM_INFINITY);
  DONE(weld_image_flush(image));
  RUNS(9);
  weld_image_destroy(image);
  return failures;
}

static int write_too_much(void) {
  snprintf(what, sizeof what, "files that may not be large");
  weld_image *image = make("limited", 0, 0);
  start(image, 8);
  DONE(weld_image_flush(image));
  DONE(weld_image_flush(image));
  limit(RLIMIT_FSIZE, 200000);
  static uint8_t code[1 << 18];
  DONE(place(image, 2, code, sizeof code));
  for (int i = 0; i < 3; i++) {
    EXPECT(weld_image_flush(image) == WELD_ERROR_OUT_OF_ROOM);
    RUNS(8);
  }
  DONE(weld_image_free_declaration(image, 2));
  start(image, 9);
  weld_result result = weld_image_flush(image);
  limit(RLIMIT_FSIZE, RLIM_INFINITY);
  if (result == WELD_ERROR_OUT_OF_ROOM) result = weld_image_flush(image);
  DONE(result);
  RUNS(9);
  weld_image_destroy(image);
  return failures;
}

static void apart(int (*test)(void)) {
  const pid_t child = fork();
  if (child == 0) _exit(test() == 0 ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  if (status == 0) return;
  failures++;
  fprintf(stderr, "wild: %s: a process apart ended with status %x\n", what, status);
}

static uint64_t memory_more;
static int memory_is_large;
static int fill(void) { return fill_memory(memory_more, memory_is_large); }
static int link_files(void) { return link_in_memory(memory_more, memory_is_large); }

static void test_memory(void) {
  apart(create_small);
  for (uint64_t more = 24 << 20; more <= 96 << 20; more += 8 << 20) {
    for (int is_large = 0; is_large < 2; is_large++) {
      snprintf(what, sizeof what, "%d MiB of address space, %s functions", (int)(more >> 20),
               is_large ? "large" : "small");
      memory_more = more;
      memory_is_large = is_large;
      apart(fill);
    }
  }
  for (uint64_t more = 8 << 20; more <= (uint64_t)1 << 30; more += more / 3) {
    for (int is_static = 0; is_static < 2; is_static++) {
      snprintf(what, sizeof what, "%d MiB of address space, %s C library", (int)(more >> 20),
               is_static ? "static" : "shared");
      memory_more = more;
      memory_is_large = is_static;
      apart(link_files);
    }
  }
  apart(write_too_much);
}

/* ---- Threads ---- */

static int is_over;
static unsigned refused;

static void *use(void *argument) {
  weld_image *image = (weld_image *)argument;
  uint64_t key = (uint64_t)(uintptr_t)&key;
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    weld_result result = place(image, key++ % 40 + 10, bytes, 100);
    if (result == WELD_ERROR_IN_USE) __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
    EXPECT(result == WELD_OK || result == WELD_ERROR_IN_USE);
    result = weld_image_free_declaration(image, key % 40 + 10);
    EXPECT(result == WELD_OK || result == WELD_ERROR_IN_USE || result == WELD_ERROR_INVALID);
    EXPECT(weld_image_error_message(image) != NULL);
    if (key % 16 == 0) {
      result = weld_image_flush(image);
      EXPECT(result == WELD_OK || result == WELD_ERROR_IN_USE);
    }
  }
  return NULL;
}

/* Another thread while the provider of this one runs. */
static void *use_once(void *argument) {
  weld_image *image = (weld_image *)argument;
  weld_symbol symbol = 0;
  char *text = NULL;
  EXPECT(weld_image_symbol(image, 77, &symbol) == WELD_ERROR_IN_USE && symbol == 0);
  EXPECT(weld_image_flush(image) == WELD_ERROR_IN_USE);
  EXPECT(weld_image_dump(image, &text) == WELD_ERROR_IN_USE && text == NULL);
  EXPECT(strstr(weld_image_error_message(image), "another thread") != NULL);
  weld_image_destroy(image);
  return NULL;
}

static int provider_destroys;

static weld_result meddle(void *user_data, weld_image *image, weld_lazy_kind kind, uint64_t key,
                          uint8_t is_table, weld_content *content) {
  (void)user_data, (void)kind, (void)key, (void)is_table;
  pthread_t thread;
  EXPECT(pthread_create(&thread, NULL, use_once, image) == 0);
  pthread_join(thread, NULL);
  if (provider_destroys) weld_image_destroy(image);
  weld_symbol symbol = 0;
  DONE(weld_image_symbol(image, 1, &symbol));
  content->bytes = bytes;
  content->byte_count = 10;
  return WELD_OK;
}

static void test_threads(void) {
  snprintf(what, sizeof what, "threads");
  EXPECT(strcmp(weld_result_name(WELD_ERROR_IN_USE), "in use") == 0);
  weld_image *image = make("threads", 0, 0);
  start(image, 4);
  weld_symbol symbol = 0;
  DONE(weld_image_set_lazy_provider(image, meddle, NULL));
  DONE(weld_image_lazy_symbol(image, WELD_LAZY_CODE, 1, &symbol));
  provider_destroys = 1;
  EXPECT(weld_image_flush(image) == WELD_ERROR_INVALID);
  EXPECT(strstr(weld_image_error_message(image), "destroy") != NULL);
  WHOLE();
  provider_destroys = 0;
  DONE(weld_image_flush(image));
  RUNS(4);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) EXPECT(pthread_create(&threads[i], NULL, use, image) == 0);
  sleep(1);
  __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  WHOLE();
  DONE(weld_image_flush(image));
  RUNS(4);
  weld_image_destroy(image);
}

static weld_session *own_session;

/* A provider may neither change the process of the image that calls it, nor end their session. */
static weld_result meddle_with_session(void *user_data, weld_image *image, weld_lazy_kind kind,
                                       uint64_t key, uint8_t is_table, weld_content *content) {
  (void)user_data, (void)image, (void)kind, (void)key, (void)is_table;
  EXPECT(weld_session_swap(own_session, NULL) == WELD_ERROR_INVALID);
  EXPECT(strstr(weld_session_error_message(own_session), "provider") != NULL);
  weld_session_destroy(own_session);
  content->bytes = bytes;
  content->byte_count = 10;
  return WELD_OK;
}

static void test_session(void) {
  snprintf(what, sizeof what, "session");
  weld_image *image = make("session", 0, 1 << 16);
  const uint8_t endless[] = {0xeb, 0xfe};
  DONE(place(image, 1, endless, sizeof endless));
  export_as(image, 1, "_start");
  DONE(weld_image_flush(image));
  weld_process *process = NULL;
  EXPECT(weld_process_launch(weld_image_path(image), NULL, NULL, NULL, &process, NULL) == WELD_OK);
  DONE(weld_image_begin_session(image, process, &own_session));
  weld_symbol symbol = 0;
  DONE(weld_image_set_lazy_provider(image, meddle_with_session, NULL));
  DONE(weld_image_lazy_symbol(image, WELD_LAZY_CODE, 1, &symbol));
  DONE(weld_image_flush(image));
  WHOLE();
  EXPECT(weld_session_swap(own_session, NULL) == WELD_OK);
  kill((pid_t)weld_process_id(process), SIGKILL);
  weld_process_state state = WELD_PROCESS_RUNNING;
  EXPECT(weld_process_wait(process, &state, NULL) == WELD_OK && state == WELD_PROCESS_KILLED);
  weld_session_destroy(own_session);
  WHOLE();
  weld_process_destroy(process);
  weld_image_destroy(image);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  directory = argv[1];
  const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  const int calls = argc > 3 ? atoi(argv[3]) : 4000;
  state = seed * 0x9e3779b97f4a7c15 | 1;
  test_options();
  test_numbers(calls, 0, 0);
  test_numbers(calls, 4096, 0);
  test_numbers(calls, 0, 1 << 20);
  test_zeros();
  test_memory();
  test_threads();
  test_session();
  if (failures > 0) {
    fprintf(stderr, "wild: %d failures with seed %llu\n", failures, (unsigned long long)seed);
    return 1;
  }
  puts("nothing happened");
  return 0;
}
