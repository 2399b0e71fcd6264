/* What the programs here have in common: checks that go on after a failure, and structures of weld.h
 * with what most calls want.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weld.h"

static int failures;
/* Where programs go. */
static const char *directory;
/* What is being done, for messages. */
static char what[200] = "calls";

static void failed_at(int line, const char *kind, const char *text) {
  failures++;
  fprintf(stderr, "%s:%d: %s: %s: %s\n", PROGRAM, line, what, kind, text);
}

static void expect_at(int line, int holds, const char *text) {
  if (!holds) failed_at(line, "not so", text);
}
#define EXPECT(...) expect_at(__LINE__, (__VA_ARGS__) ? 1 : 0, #__VA_ARGS__)

static void done_at(int line, const weld_image *image, weld_result result) {
  if (result != WELD_OK) failed_at(line, weld_result_name(result), weld_image_error_message(image));
}
#define DONE(call) done_at(__LINE__, image, call)

static const char *path_of(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return path;
}

static weld_image_options options_for(weld_machine machine, const char *name) {
  weld_image_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.machine = machine;
  options.path = path_of(name);
  return options;
}

static weld_function function_of(const char *name, const uint8_t *code, size_t size) {
  weld_function function;
  memset(&function, 0, sizeof function);
  function.size = sizeof function;
  function.name = name;
  function.code = code;
  function.code_size = size;
  return function;
}

static weld_data data_of(const char *name, const uint8_t *bytes, size_t size) {
  weld_data data;
  memset(&data, 0, sizeof data);
  data.size = sizeof data;
  data.name = name;
  data.bytes = bytes;
  data.byte_count = size;
  data.alignment = 3;
  return data;
}

static void export_as(weld_image *image, uint64_t declaration, const char *name) {
  const weld_export list[] = {{name, NULL, WELD_BINDING_STRONG, WELD_VISIBILITY_DEFAULT}};
  DONE(weld_image_update_exports(image, declaration, list, 1));
}
