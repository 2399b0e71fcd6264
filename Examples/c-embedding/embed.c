/* A compiler's back end in small: it builds a program of two functions that calls the C library, runs
 * it, edits one function, and changes a program while it runs. The "compiler" here writes x86-64
 * machine code by hand; everything else is what any compiler would do.
 *
 *     embed DIRECTORY     where the programs go
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weld.h"

/* Keys of our declarations: any numbers. */
enum { MAIN = 1, GREET, TEXT, STEP, TICKS };

static weld_image *image;

static void check(weld_result result, const char *message) {
  if (result == WELD_OK) return;
  fprintf(stderr, "embed: error (%s): %s\n", weld_result_name(result), message);
  exit(1);
}

/* All calls with the image. */
static void done(weld_result result) { check(result, weld_image_error_message(image)); }

/* ---- Machine code ---- */

struct code {
  uint8_t bytes[256];
  size_t size;
};

static void emit(struct code *code, const void *bytes, size_t size) {
  memcpy(code->bytes + code->size, bytes, size);
  code->size += size;
}

/* A call through the symbol's slot: the slot stays where it is, whatever becomes of the function. */
static void emit_call(struct code *code, weld_symbol symbol) {
  size_t count;
  done(weld_image_call_sequence(image, symbol, code->bytes + code->size,
                                sizeof code->bytes - code->size, &count));
  code->size += count;
}

/* mov reg, [slot]: the address of what the symbol stands for. `reg` is 0 for rax, 7 for rdi. */
static void emit_address(struct code *code, int reg, weld_symbol symbol) {
  uint64_t slot;
  done(weld_image_offset_table_address(image, symbol, &slot));
  const uint8_t bytes[] = {0x48,
                           0x8b,
                           (uint8_t)(0x04 | reg << 3),
                           0x25,
                           (uint8_t)slot,
                           (uint8_t)(slot >> 8),
                           (uint8_t)(slot >> 16),
                           (uint8_t)(slot >> 24)};
  emit(code, bytes, sizeof bytes);
}

/* ---- Declarations ---- */

static weld_symbol declared(uint64_t key) {
  weld_symbol symbol;
  done(weld_image_symbol(image, key, &symbol));
  return symbol;
}

static weld_symbol imported(const char *name) {
  weld_symbol symbol;
  done(weld_image_imported_symbol(image, name, 0, &symbol));
  return symbol;
}

static void place_function(uint64_t key, const char *name, const struct code *code) {
  weld_function function = {0};
  function.size = sizeof function;
  function.name = name;
  function.code = code->bytes;
  function.code_size = code->size;
  function.alignment = 4;
  done(weld_image_update_function(image, key, &function, NULL));
}

static void place_text(uint64_t key, const char *name, const char *text) {
  weld_data data = {0};
  data.size = sizeof data;
  data.name = name;
  data.kind = WELD_DATA_IMMUTABLE;
  data.bytes = (const uint8_t *)text;
  data.byte_count = strlen(text) + 1;
  done(weld_image_update_data(image, key, &data, NULL));
}

static void export_main(void) {
  weld_export export_of_main = {"main", NULL, WELD_BINDING_STRONG, WELD_VISIBILITY_DEFAULT};
  done(weld_image_update_exports(image, MAIN, &export_of_main, 1));
}

/* An image that is linked with the C library; `live_reserve` is for programs that are to change. */
static void make_image(const char *path, uint64_t live_reserve) {
  weld_inputs inputs = {0};
  inputs.size = sizeof inputs;
  inputs.startup_system = WELD_SYSTEM_LINUX_GLIBC;
  inputs.startup_mode = WELD_MODE_DYNAMIC;
  weld_image_options options = {0};
  options.size = sizeof options;
  options.machine = WELD_MACHINE_X86_64;
  options.path = path;
  options.live_reserve = live_reserve;
  options.inputs = &inputs;
  char *message = NULL;
  check(weld_image_create(&options, &image, &message), message);
}

/* ---- A program, and an edit ---- */

static void greet(const char *text) {
  place_text(TEXT, "text", text);
  struct code code = {{0}, 0};
  emit_address(&code, 7, declared(TEXT)); /* mov rdi, text */
  emit(&code, "\x50", 1);                 /* push rax: keeps the stack aligned */
  emit_call(&code, imported("puts"));
  emit(&code, "\x58\xc3", 2); /* pop rax; ret */
  place_function(GREET, "greet", &code);
}

static void run(const char *path) {
  fflush(stdout);
  int status = system(path);
  if (status != 0) {
    fprintf(stderr, "embed: error: %s ended with %d\n", path, status);
    exit(1);
  }
}

static void build_and_edit(const char *path) {
  make_image(path, 0);
  struct code code = {{0}, 0};
  emit(&code, "\x50", 1); /* push rax */
  emit_call(&code, declared(GREET));
  emit(&code, "\x31\xc0\x5a\xc3", 4); /* xor eax, eax; pop rdx; ret */
  place_function(MAIN, "main", &code);
  export_main();
  greet("hello from C");
  done(weld_image_flush(image));
  run(path);

  /* One declaration is edited: it is written again, and nothing else. */
  greet("hello again, from an edited function");
  done(weld_image_flush(image));
  run(path);

  char *text;
  done(weld_image_dump(image, &text));
  fputs(text, stdout);
  weld_free(text);
  weld_counts counts = {0};
  counts.size = sizeof counts;
  done(weld_image_counts(image, &counts));
  printf("%d flushes, %d placed\n", (int)counts.flushes, (int)counts.atoms_placed);
  weld_image_destroy(image);
}

/* ---- A change while the program runs ---- */

/* Counts, and returns what `main` is to end with; while that is negative, `main` goes on. */
static void step(const char *text, uint8_t result) {
  place_text(TEXT, "text", text);
  struct code code = {{0}, 0};
  emit(&code, "\x50", 1);                  /* push rax */
  emit_address(&code, 0, declared(TICKS)); /* mov rax, ticks */
  emit(&code, "\xff\x00", 2);              /* inc dword [rax] */
  emit_address(&code, 7, declared(TEXT));  /* mov rdi, text */
  emit_call(&code, imported("puts"));
  emit(&code, "\x31\xff", 2); /* xor edi, edi */
  emit_call(&code, imported("fflush"));
  const uint8_t end[] = {0x6a, result, 0x58, 0x5a, 0xc3}; /* push result; pop rax; pop rdx; ret */
  emit(&code, end, sizeof end);
  place_function(STEP, "step", &code);
}

static void change_while_running(const char *path) {
  make_image(path, 1 << 20);
  weld_data ticks = {0};
  ticks.size = sizeof ticks;
  ticks.name = "ticks";
  ticks.kind = WELD_DATA_MUTABLE;
  ticks.zero_fill = 4;
  ticks.alignment = 2;
  done(weld_image_update_data(image, TICKS, &ticks, NULL));

  struct code code = {{0}, 0};
  emit(&code, "\x50", 1); /* push rax */
  size_t loop = code.size;
  emit(&code, "\xbf\x10\x27\x00\x00", 5); /* mov edi, 10000 */
  emit_call(&code, imported("usleep"));
  emit_call(&code, declared(STEP));
  emit(&code, "\x85\xc0", 2); /* test eax, eax */
  const uint8_t jump[] = {0x78, (uint8_t)(loop - code.size - 2)};
  emit(&code, jump, sizeof jump);  /* js loop */
  emit(&code, "\x5a\xc3", 2); /* pop rdx; ret */
  place_function(MAIN, "main", &code);
  export_main();
  step("running", 0xff);
  done(weld_image_flush(image));

  fflush(stdout);
  weld_process *process;
  weld_session *session;
  char *message = NULL;
  check(weld_process_launch(path, NULL, NULL, NULL, &process, &message), message);
  done(weld_image_begin_session(image, process, &session));
  const struct timespec a_while = {0, 200 * 1000 * 1000};
  nanosleep(&a_while, NULL);

  step("swapped", 7);
  done(weld_image_flush(image));
  weld_swap_report report = {0};
  report.size = sizeof report;
  check(weld_session_swap(session, &report), weld_session_error_message(session));

  weld_process_state state;
  int32_t value;
  check(weld_process_wait(process, &state, &value), weld_process_error_message(process));
  for (size_t i = 0; i < report.swapped_count; i++) printf("swapped '%s'\n", report.swapped[i]);
  printf("the program was stopped for %.0f microseconds, and %s with %d\n",
         report.stopped_microseconds, state == WELD_PROCESS_EXITED ? "exited" : "died", (int)value);
  weld_session_destroy(session);
  weld_process_destroy(process);
  weld_image_destroy(image);
}

int main(int count, char **words) {
  if (count != 2) {
    fprintf(stderr, "usage: embed DIRECTORY\n");
    return 2;
  }
  char path[4096];
  printf("weld %s\n", weld_version());
  snprintf(path, sizeof path, "%s/edited", words[1]);
  build_and_edit(path);
  snprintf(path, sizeof path, "%s/running", words[1]);
  change_while_running(path);
  return 0;
}
