/* Calls every function of weld.h, in C and in C++: with what it is for, and with what it refuses.
 *
 *     calls DIRECTORY OBJECT     where programs go, and any relocatable object
 */
#include <signal.h>

#define PROGRAM "calls.c"
#include "common.h"

/* The call with the image is refused with this result, and says why. */
static void refused_at(int line, const weld_image *image, weld_result result, weld_result expected,
                       const char *part) {
  const char *message = weld_image_error_message(image);
  if (result == expected && strstr(message, part) != NULL) return;
  snprintf(what, sizeof what, "%s expected, and '%s'", weld_result_name(expected), part);
  failed_at(line, weld_result_name(result), message);
}
#define REFUSED(call, expected, part) refused_at(__LINE__, image, call, expected, part)
#define INVALID(call, part) REFUSED(call, WELD_ERROR_INVALID, part)

static weld_image_options checked_options_for(weld_machine machine, const char *name) {
  weld_image_options options = options_for(machine, name);
  options.checks_invariants = 1;
  return options;
}

static weld_image *image_for(weld_machine machine, const char *name) {
  const weld_image_options options = checked_options_for(machine, name);
  weld_image *image = NULL;
  char *message = NULL;
  EXPECT(weld_image_create(&options, &image, &message) == WELD_OK && image != NULL);
  EXPECT(message == NULL);
  EXPECT(strcmp(weld_image_path(image), options.path) == 0);
  EXPECT(strcmp(weld_image_error_message(image), "") == 0);
  return image;
}

static const uint8_t endless[] = {0xeb, 0xfe, 0, 0, 0, 0, 0, 0};
static const uint8_t zeros[64] = {0};

/* ---- What no handle is needed for, and handles that are null ---- */

static void test_null(void) {
  EXPECT(strcmp(weld_version(), WELD_VERSION) == 0);
  for (int i = 0; i < 64; i++) {
    EXPECT(strlen(weld_result_name((weld_result)i)) > 0);
  }
  EXPECT(strcmp(weld_result_name(WELD_ERROR_BUSY), "busy") == 0);
  EXPECT(strcmp(weld_result_name((weld_result)20), "unknown") == 0);
  weld_free(NULL);

  weld_symbol symbol = 0;
  uint64_t address = 0;
  size_t count = 0;
  char *text = NULL;
  uint8_t buffer[WELD_CALL_SEQUENCE_MAX];
  weld_process *process = NULL;
  weld_session *session = NULL;
  const weld_result results[] = {
      weld_image_create(NULL, NULL, NULL),
      weld_image_symbol(NULL, 1, &symbol),
      weld_image_update_function(NULL, 1, NULL, &symbol),
      weld_image_update_data(NULL, 1, NULL, &symbol),
      weld_image_free_declaration(NULL, 1),
      weld_image_unnamed_constant(NULL, 1, NULL, &symbol),
      weld_image_update_exports(NULL, 1, NULL, 0),
      weld_image_remove_export(NULL, 1, "name"),
      weld_image_imported_symbol(NULL, "name", 0, &symbol),
      weld_image_offset_table_address(NULL, 1, &address),
      weld_image_call_sequence(NULL, 1, buffer, sizeof buffer, &count),
      weld_call_sequence(WELD_MACHINE_X86_64, 0x1000, NULL, 64, &count),
      weld_call_sequence(WELD_MACHINE_X86_64, 0x1000, buffer, 64, NULL),
      weld_call_sequence((weld_machine)77, 0x1000, buffer, 64, &count),
      weld_image_address(NULL, 1, 2, 0, 0, &address),
      weld_image_current_address(NULL, 1, &address),
      weld_image_set_lazy_provider(NULL, NULL, NULL),
      weld_image_lazy_symbol(NULL, WELD_LAZY_CODE, 1, &symbol),
      weld_image_lazy_table(NULL, WELD_LAZY_CODE, &symbol),
      weld_image_add_object(NULL, "file"),
      weld_image_add_archive(NULL, "file"),
      weld_image_add_shared_library(NULL, "file"),
      weld_image_add_library(NULL, "name"),
      weld_image_add_startup_files(NULL, WELD_SYSTEM_LINUX_GLIBC, WELD_MODE_DYNAMIC),
      weld_image_flush(NULL),
      weld_image_dump(NULL, &text),
      weld_image_dump_json(NULL, &text),
      weld_image_counts(NULL, NULL),
      weld_image_violations(NULL, &text),
      weld_image_update_lines(NULL, 1, NULL, 0),
      weld_image_begin_session(NULL, NULL, &session),
      weld_process_launch(NULL, NULL, NULL, NULL, &process, NULL),
      weld_process_launch("/bin/true", NULL, NULL, NULL, NULL, NULL),
      weld_process_attach(1, NULL, NULL, NULL),
      weld_process_send_signal(NULL, 0),
      weld_process_wait(NULL, NULL, NULL),
      weld_process_poll(NULL, NULL, NULL),
      weld_session_set_reclaims(NULL, 1),
      weld_session_preflight(NULL, &text),
      weld_session_swap(NULL, NULL),
      weld_session_collect(NULL, 1, &address),
  };
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
    if (results[i] != WELD_ERROR_INVALID) fprintf(stderr, "call %d of the list: ", (int)i);
    EXPECT(results[i] == WELD_ERROR_INVALID);
  }
  EXPECT(text == NULL && process == NULL && session == NULL && symbol == 0 && address == 0);
  EXPECT(strlen(weld_image_error_message(NULL)) > 0);
  EXPECT(strlen(weld_process_error_message(NULL)) > 0);
  EXPECT(strlen(weld_session_error_message(NULL)) > 0);
  EXPECT(weld_image_path(NULL) == NULL);
  EXPECT(weld_process_id(NULL) == 0);
  weld_image_destroy(NULL);
  weld_process_destroy(NULL);
  weld_session_destroy(NULL);
}

/* ---- Sizes of structures, options ---- */

static void create_refused(const weld_image_options *options, const char *part) {
  weld_image *image = NULL;
  char *message = NULL;
  EXPECT(weld_image_create(options, &image, &message) == WELD_ERROR_INVALID);
  EXPECT(image == NULL);
  if (message == NULL || strstr(message, part) == NULL) {
    failures++;
    fprintf(stderr, "'%s' does not say '%s'\n", message == NULL ? "" : message, part);
  }
  weld_free(message);
}

static void test_options(void) {
  weld_image_options options = checked_options_for(WELD_MACHINE_X86_64, "options");
  create_refused(NULL, "null");
  options.size = sizeof options - 8;
  create_refused(&options, "sizeof");
  options.size = 0;
  create_refused(&options, "sizeof");
  options.size = (size_t)-1;
  create_refused(&options, "sizeof");
  options = checked_options_for((weld_machine)0, "options");
  create_refused(&options, "machine");
  options = checked_options_for((weld_machine)1000000, "options");
  create_refused(&options, "machine");
  options = checked_options_for(WELD_MACHINE_X86_64, "options");
  options.path = NULL;
  create_refused(&options, "path");
  options = checked_options_for(WELD_MACHINE_X86_64, "options");
  options.path = "\xff";
  create_refused(&options, "UTF-8");
  options = checked_options_for(WELD_MACHINE_X86_64, "options");
  options.base_address = 17;
  create_refused(&options, "page size");

  weld_inputs inputs;
  memset(&inputs, 0, sizeof inputs);
  options = checked_options_for(WELD_MACHINE_X86_64, "options");
  options.inputs = &inputs;
  create_refused(&options, "sizeof");
  inputs.size = sizeof inputs;
  inputs.library_directory_count = 2;
  create_refused(&options, "library directories");
  const char *directories[] = {"/", NULL};
  inputs.library_directories = directories;
  create_refused(&options, "library directory");
  inputs.library_directory_count = 1;
  inputs.startup_mode = (weld_mode)9;
  create_refused(&options, "mode");
  inputs.startup_mode = WELD_MODE_STATIC;
  inputs.startup_system = (weld_system)99;
  create_refused(&options, "system");
  inputs.startup_system = WELD_SYSTEM_NONE;

  /* As a later version of the header would have it. */
  struct {
    weld_image_options known;
    uint64_t later[4];
  } newer;
  memset(&newer, 0, sizeof newer);
  newer.known = options;
  newer.known.size = sizeof newer;
  weld_image *image = NULL;
  EXPECT(weld_image_create(&newer.known, &image, NULL) == WELD_OK);
  weld_image_destroy(image);
  newer.later[2] = 1;
  create_refused(&newer.known, "newer");
}

/* ---- Declarations, on every machine ---- */

static void test_declarations(weld_machine machine, const char *object) {
  weld_image *image = image_for(machine, "declarations");
  weld_symbol first = 0, second = 0, constant = 0, variable = 0;
  DONE(weld_image_symbol(image, 1, &first));
  DONE(weld_image_symbol(image, 2, &second));
  EXPECT(first != 0 && second != 0 && first != second);
  uint64_t address = 0, slot = 0;
  REFUSED(weld_image_current_address(image, first, &address), WELD_ERROR_UNDEFINED, "no address");

  uint8_t buffer[WELD_CALL_SEQUENCE_MAX], again[WELD_CALL_SEQUENCE_MAX];
  size_t count = 0, same = 0;
  DONE(weld_image_call_sequence(image, first, buffer, sizeof buffer, &count));
  EXPECT(count > 0);
  DONE(weld_image_offset_table_address(image, first, &slot));
  EXPECT(weld_call_sequence(machine, slot, again, sizeof again, &same) == WELD_OK);
  EXPECT(same == count && memcmp(buffer, again, count) == 0);
  same = 0;
  REFUSED(weld_image_call_sequence(image, first, buffer, 1, &same), WELD_ERROR_RANGE,
          "WELD_CALL_SEQUENCE_MAX");
  EXPECT(same == count);
  EXPECT(weld_call_sequence(machine, slot, again, 2, &same) == WELD_ERROR_RANGE);
  INVALID(weld_image_call_sequence(image, 4711, buffer, sizeof buffer, &count), "4711");
  INVALID(weld_image_call_sequence(image, first, NULL, sizeof buffer, &count), "null");

  weld_function function = function_of("first", zeros, sizeof zeros);
  weld_symbol placed = 0;
  DONE(weld_image_update_function(image, 1, &function, &placed));
  EXPECT(placed == first);
  DONE(weld_image_current_address(image, first, &address));
  EXPECT(address % 4 == 0);
  function.size = 3;
  INVALID(weld_image_update_function(image, 1, &function, NULL), "size");
  function = function_of(NULL, zeros, sizeof zeros);
  INVALID(weld_image_update_function(image, 1, &function, NULL), "name");
  function = function_of("first", NULL, 8);
  INVALID(weld_image_update_function(image, 1, &function, NULL), "code");
  function = function_of("first", zeros, (size_t)-1);
  INVALID(weld_image_update_function(image, 1, &function, NULL), "code");
  function = function_of("first", zeros, 8);
  function.alignment = 200;
  INVALID(weld_image_update_function(image, 1, &function, NULL), "aligned");
  INVALID(weld_image_update_function(image, 1, NULL, NULL), "null");

  weld_data data = data_of("table", zeros, 64);
  weld_relocation relocation;
  memset(&relocation, 0, sizeof relocation);
  relocation.offset = 8;
  relocation.target = first;
  data.relocations = &relocation;
  data.relocation_count = 1;
  DONE(weld_image_update_data(image, 2, &data, &placed));
  EXPECT(placed == second);
  relocation.target = 4711;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "4711");
  relocation.target = first;
  relocation.offset = 62;
  EXPECT(weld_image_update_data(image, 2, &data, NULL) != WELD_OK);
  relocation.offset = UINT64_MAX;
  EXPECT(weld_image_update_data(image, 2, &data, NULL) != WELD_OK);
  relocation.offset = 0;
  relocation.kind = (weld_relocation_kind)50;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "relocation");
  data.relocations = NULL;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "relocations");
  data = data_of("table", zeros, 64);
  data.kind = (weld_data_kind)3;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "kind of data");
  data.kind = WELD_DATA_MUTABLE;
  data.zero_fill = UINT64_MAX;
  REFUSED(weld_image_update_data(image, 2, &data, NULL), WELD_ERROR_OUT_OF_ROOM, "more than");
  data = data_of("variable", zeros, 16);
  data.kind = WELD_DATA_THREAD_LOCAL;
  DONE(weld_image_update_data(image, 3, &data, &variable));

  uint64_t today = 0;
  DONE(weld_image_address(image, first, second, 16, 4, &today));
  EXPECT(today == address + 4);
  DONE(weld_image_address(image, first, second, 24, 0, NULL));
  INVALID(weld_image_address(image, 4711, second, 16, 0, NULL), "4711");
  INVALID(weld_image_address(image, first, 4711, 16, 0, NULL), "4711");
  EXPECT(weld_image_address(image, first, second, 1000, 0, NULL) != WELD_OK);

  weld_content content;
  memset(&content, 0, sizeof content);
  INVALID(weld_image_unnamed_constant(image, 1, &content, &constant), "size");
  content.size = sizeof content;
  content.bytes = zeros;
  content.byte_count = 5;
  DONE(weld_image_unnamed_constant(image, 1, &content, &constant));
  EXPECT(constant != 0);
  INVALID(weld_image_unnamed_constant(image, 1, &content, NULL), "null");
  content.bytes = NULL;
  INVALID(weld_image_unnamed_constant(image, 1, &content, &constant), "null");

  /* Nothing at all has a place, too. */
  function = function_of("", NULL, 0);
  DONE(weld_image_update_function(image, 7, &function, NULL));
  data = data_of("", NULL, 0);
  DONE(weld_image_update_data(image, 8, &data, NULL));
  EXPECT(weld_image_update_exports(image, 8, NULL, 0) == WELD_OK);
  const weld_export nameless[] = {{"", NULL, WELD_BINDING_STRONG, WELD_VISIBILITY_DEFAULT}};
  INVALID(weld_image_update_exports(image, 8, nameless, 1), "name");
  INVALID(weld_image_imported_symbol(image, "", 0, &placed), "name");

  /* Names. */
  REFUSED(weld_image_flush(image), WELD_ERROR_NO_ENTRY, "_start");
  weld_export both[] = {{"_start", NULL, WELD_BINDING_STRONG, WELD_VISIBILITY_HIDDEN},
                        {"other", NULL, WELD_BINDING_WEAK, WELD_VISIBILITY_DEFAULT}};
  DONE(weld_image_update_exports(image, 1, both, 2));
  REFUSED(weld_image_update_exports(image, 2, both, 2), WELD_ERROR_DUPLICATE, "_start");
  both[1].binding = (weld_binding)4;
  INVALID(weld_image_update_exports(image, 1, both, 2), "binding");
  both[1].binding = WELD_BINDING_WEAK;
  both[1].visibility = (weld_visibility)4;
  INVALID(weld_image_update_exports(image, 1, both, 2), "visibility");
  both[1].visibility = WELD_VISIBILITY_DEFAULT;
  both[1].name = NULL;
  INVALID(weld_image_update_exports(image, 1, both, 2), "name");
  INVALID(weld_image_update_exports(image, 1, NULL, 2), "exports");
  both[1].name = "other";
  DONE(weld_image_flush(image));
  INVALID(weld_image_remove_export(image, 1, "missing"), "missing");
  INVALID(weld_image_remove_export(image, 1, NULL), "null");
  DONE(weld_image_remove_export(image, 1, "other"));

  weld_symbol weak = 0, missing = 0;
  DONE(weld_image_imported_symbol(image, "nobody", 1, &weak));
  DONE(weld_image_flush(image));
  INVALID(weld_image_imported_symbol(image, NULL, 0, &missing), "null");
  INVALID(weld_image_imported_symbol(image, "\xc3\x28", 0, &missing), "UTF-8");
  INVALID(weld_image_imported_symbol(image, "name", 0, NULL), "null");
  DONE(weld_image_imported_symbol(image, "nowhere", 0, &missing));
  relocation.kind = WELD_RELOCATION_ADDRESS;
  relocation.target = missing;
  data = data_of("table", zeros, 64);
  data.relocations = &relocation;
  data.relocation_count = 1;
  DONE(weld_image_update_data(image, 2, &data, NULL));
  REFUSED(weld_image_flush(image), WELD_ERROR_UNDEFINED, "nowhere");
  export_as(image, 3, "nowhere");
  DONE(weld_image_free_declaration(image, 2));
  INVALID(weld_image_free_declaration(image, 2), "2");
  INVALID(weld_image_offset_table_address(image, second, &slot), "no symbol");
  INVALID(weld_image_offset_table_address(image, first, NULL), "null");
  INVALID(weld_image_symbol(image, 5, NULL), "null");

  /* Without other inputs. */
  INVALID(weld_image_add_object(image, object), "inputs");
  INVALID(weld_image_add_archive(image, object), "inputs");
  INVALID(weld_image_add_shared_library(image, object), "inputs");
  INVALID(weld_image_add_library(image, "m"), "inputs");
  INVALID(weld_image_add_startup_files(image, WELD_SYSTEM_LINUX_GLIBC, WELD_MODE_DYNAMIC),
          "inputs");
  INVALID(weld_image_add_startup_files(image, WELD_SYSTEM_NONE, WELD_MODE_DYNAMIC), "system");
  INVALID(weld_image_add_startup_files(image, (weld_system)50, WELD_MODE_DYNAMIC), "system");
  INVALID(weld_image_add_object(image, NULL), "null");

  /* Output. */
  DONE(weld_image_flush(image));
  char *text = NULL;
  DONE(weld_image_dump(image, &text));
  EXPECT(strstr(text, "first") != NULL);
  weld_free(text);
  DONE(weld_image_dump_json(image, &text));
  EXPECT(text[0] == '{');
  weld_free(text);
  DONE(weld_image_violations(image, &text));
  EXPECT(text == NULL);
  INVALID(weld_image_violations(image, NULL), "null");
  INVALID(weld_image_dump(image, NULL), "null");
  INVALID(weld_image_dump_json(image, NULL), "null");
  weld_counts counts;
  memset(&counts, 0, sizeof counts);
  INVALID(weld_image_counts(image, &counts), "size");
  INVALID(weld_image_counts(image, NULL), "null");
  counts.size = sizeof counts;
  DONE(weld_image_counts(image, &counts));
  EXPECT(counts.flushes == 3 && counts.atoms_placed > 3 && counts.bytes_written > 0);
  EXPECT(counts.size == sizeof counts);
  weld_image_destroy(image);
}

/* ---- Lazy symbols ---- */

struct provided {
  int keys, tables;
  weld_result result;
  int changes, names_nobody;
};

static weld_result provide(void *user_data, weld_image *image, weld_lazy_kind kind, uint64_t key,
                           uint8_t is_table, weld_content *content) {
  struct provided *provided = (struct provided *)user_data;
  EXPECT(content->size == sizeof *content && content->byte_count == 0);
  EXPECT(kind == WELD_LAZY_CONSTANT);
  if (is_table) {
    provided->tables++;
    EXPECT(key == 0);
  } else {
    provided->keys++;
    EXPECT(key == 42 || key == 43);
    /* Making one uses another. */
    weld_symbol other;
    EXPECT(weld_image_lazy_symbol(image, WELD_LAZY_CONSTANT, 43, &other) == WELD_OK);
  }
  if (provided->changes) {
    const weld_data data = data_of("late", zeros, 8);
    INVALID(weld_image_update_data(image, 99, &data, NULL), "flush");
    INVALID(weld_image_flush(image), "flush");
  }
  content->bytes = provided->names_nobody ? NULL : zeros;
  content->byte_count = 8;
  content->alignment = 3;
  return provided->result;
}

static void test_lazy(void) {
  weld_image *image = image_for(WELD_MACHINE_X86_64, "lazy");
  const weld_function function = function_of("start", endless, sizeof endless);
  DONE(weld_image_update_function(image, 1, &function, NULL));
  export_as(image, 1, "_start");
  weld_symbol symbol = 0, table = 0;
  uint64_t address = 0;
  DONE(weld_image_lazy_symbol(image, WELD_LAZY_CONSTANT, 42, &symbol));
  INVALID(weld_image_lazy_symbol(image, (weld_lazy_kind)2, 42, &symbol), "lazy");
  INVALID(weld_image_lazy_table(image, (weld_lazy_kind)2, &symbol), "lazy");
  INVALID(weld_image_lazy_symbol(image, WELD_LAZY_CODE, 42, NULL), "null");
  INVALID(weld_image_lazy_table(image, WELD_LAZY_CODE, NULL), "null");
  INVALID(weld_image_flush(image), "provider");
  struct provided provided = {0, 0, WELD_OK, 0, 0};
  DONE(weld_image_set_lazy_provider(image, provide, &provided));
  provided.result = WELD_ERROR_RANGE;
  REFUSED(weld_image_flush(image), WELD_ERROR_RANGE, "42");
  provided.result = (weld_result)-5;
  INVALID(weld_image_flush(image), "42");
  provided.result = WELD_OK;
  provided.names_nobody = 1;
  INVALID(weld_image_flush(image), "null");
  provided.names_nobody = 0;
  provided.changes = 1;
  provided.keys = 0;
  DONE(weld_image_flush(image));
  EXPECT(provided.keys == 2 && provided.tables == 0);
  DONE(weld_image_current_address(image, symbol, &address));
  provided.changes = 0;
  DONE(weld_image_lazy_table(image, WELD_LAZY_CONSTANT, &table));
  DONE(weld_image_flush(image));
  EXPECT(provided.keys == 2 && provided.tables == 1);
  DONE(weld_image_set_lazy_provider(image, NULL, NULL));
  DONE(weld_image_flush(image));
  weld_image_destroy(image);
}

/* ---- Debug information ---- */

static void test_debug(void) {
  weld_image *image = image_for(WELD_MACHINE_X86_64, "debug");
  weld_debug_unit unit;
  memset(&unit, 0, sizeof unit);
  unit.size = sizeof unit;
  unit.path = "program.x";
  unit.directory = "/";
  unit.producer = "calls";
  weld_debug_type number, pointer, list, structure, callback;
  memset(&number, 0, sizeof number);
  number.kind = WELD_TYPE_INTEGER;
  number.name = "int";
  number.bytes = 4;
  number.is_signed = 1;
  memset(&pointer, 0, sizeof pointer);
  pointer.kind = WELD_TYPE_POINTER;
  pointer.target = &number;
  memset(&list, 0, sizeof list);
  list.kind = WELD_TYPE_ARRAY;
  list.target = &pointer;
  list.count = 3;
  weld_debug_field fields[] = {{"numbers", &list, 0}, {"callback", &callback, 24}};
  memset(&structure, 0, sizeof structure);
  structure.kind = WELD_TYPE_STRUCTURE;
  structure.name = "both";
  structure.bytes = 32;
  structure.fields = fields;
  structure.count = 2;
  const weld_debug_type *parameters[] = {&number, &pointer};
  weld_debug_type signature;
  memset(&signature, 0, sizeof signature);
  signature.kind = WELD_TYPE_FUNCTION;
  signature.parameters = parameters;
  signature.count = 2;
  callback = pointer;
  callback.target = &signature;

  const weld_debug_line lines[] = {{0, 10, 1}, {2, 11, 0}};
  const weld_debug_local locals[] = {{"count", &number, -8, 1}};
  weld_function_debug debug;
  memset(&debug, 0, sizeof debug);
  debug.size = sizeof debug;
  debug.unit = &unit;
  debug.name = "start";
  debug.lines = lines;
  debug.line_count = 2;
  debug.result = &number;
  debug.locals = locals;
  debug.local_count = 1;
  debug.frame_register = 7;
  weld_function function = function_of("start", endless, sizeof endless);
  INVALID(weld_image_update_lines(image, 1, lines, 2), "1");
  DONE(weld_image_update_function(image, 1, &function, NULL));
  INVALID(weld_image_update_lines(image, 1, lines, 2), "debug");
  function.debug = &debug;
  DONE(weld_image_update_function(image, 1, &function, NULL));
  DONE(weld_image_update_lines(image, 1, lines, 2));
  INVALID(weld_image_update_lines(image, 1, NULL, 2), "lines");
  export_as(image, 1, "_start");

  weld_variable_debug about;
  memset(&about, 0, sizeof about);
  about.size = sizeof about;
  about.unit = &unit;
  about.name = "both";
  about.type = &structure;
  weld_data data = data_of("both", zeros, 32);
  data.debug = &about;
  DONE(weld_image_update_data(image, 2, &data, NULL));
  DONE(weld_image_flush(image));

  /* Types that lead back to themselves, and those with something missing. */
  pointer.target = &structure;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "WELD_TYPE_INCOMPLETE");
  pointer.target = &pointer;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "WELD_TYPE_INCOMPLETE");
  pointer.target = &number;
  structure.count = UINT64_MAX;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "members");
  structure.count = 2;
  structure.fields = NULL;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "fields");
  structure.fields = fields;
  fields[0].type = NULL;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "null");
  about.type = &number;
  number.kind = (weld_debug_type_kind)8;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "kind of type");
  number.kind = WELD_TYPE_FLOAT;
  number.bytes = 1000;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "1000");
  number.bytes = 4;
  number.name = NULL;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "name");
  number.name = "float";
  unit.size = 0;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "size");
  unit.size = sizeof unit;
  about.unit = NULL;
  INVALID(weld_image_update_data(image, 2, &data, NULL), "null");
  debug.size = 1;
  INVALID(weld_image_update_function(image, 1, &function, NULL), "size");
  DONE(weld_image_flush(image));
  weld_image_destroy(image);
}

/* ---- Other inputs ---- */

static void test_inputs(const char *object) {
  weld_inputs inputs;
  memset(&inputs, 0, sizeof inputs);
  inputs.size = sizeof inputs;
  weld_image_options options = checked_options_for(WELD_MACHINE_X86_64, "inputs");
  options.inputs = &inputs;
  weld_image *image = NULL;
  char *message = NULL;
  EXPECT(weld_image_create(&options, &image, &message) == WELD_OK);
  const weld_function function = function_of("main", endless, sizeof endless);
  DONE(weld_image_update_function(image, 1, &function, NULL));
  export_as(image, 1, "main");
  DONE(weld_image_add_startup_files(image, WELD_SYSTEM_LINUX_GLIBC, WELD_MODE_DYNAMIC));
  DONE(weld_image_add_object(image, object));
  DONE(weld_image_add_library(image, "m"));
  weld_symbol symbol = 0;
  uint64_t slot = 0;
  DONE(weld_image_imported_symbol(image, "twice", 0, &symbol));
  DONE(weld_image_offset_table_address(image, symbol, &slot));
  DONE(weld_image_flush(image));
  weld_image_destroy(image);

  const char *wrong[] = {"/nowhere/file.a", "/nowhere/file.so"};
  for (int i = 0; i < 2; i++) {
    EXPECT(weld_image_create(&options, &image, &message) == WELD_OK);
    DONE(weld_image_update_function(image, 1, &function, NULL));
    export_as(image, 1, "_start");
    DONE(i == 0 ? weld_image_add_archive(image, wrong[i])
                : weld_image_add_shared_library(image, wrong[i]));
    REFUSED(weld_image_flush(image), WELD_ERROR_INPUTS, wrong[i]);
    weld_image_destroy(image);
  }
}

/* ---- Processes and sessions ---- */

static void test_processes(void) {
  weld_process *process = NULL;
  weld_session *session = NULL;
  weld_process_state state = WELD_PROCESS_RUNNING;
  int32_t value = 0;
  char *message = NULL;
  EXPECT(weld_process_launch("/nowhere/program", NULL, NULL, NULL, &process, &message) ==
         WELD_ERROR_SYSTEM);
  EXPECT(process == NULL && strstr(message, "/nowhere/program") != NULL);
  weld_free(message);
  EXPECT(weld_process_attach(-1, NULL, &process, NULL) == WELD_ERROR_ENDED);
  weld_process_options limits;
  memset(&limits, 0, sizeof limits);
  EXPECT(weld_process_attach(1, &limits, &process, &message) == WELD_ERROR_INVALID);
  EXPECT(strstr(message, "size") != NULL);
  weld_free(message);

  /* A program that ends by itself. */
  const char *arguments[] = {"sh", "-c", "exit $STATUS", NULL};
  const char *environment[] = {"STATUS=33", NULL};
  if (weld_process_launch("/bin/sh", arguments, environment, NULL, &process, &message) == WELD_OK) {
    EXPECT(weld_process_wait(process, &state, &value) == WELD_OK);
    EXPECT(state == WELD_PROCESS_EXITED && value == 33);
    EXPECT(weld_process_send_signal(process, SIGTERM) == WELD_ERROR_ENDED);
    EXPECT(strlen(weld_process_error_message(process)) > 0);
    weld_process_destroy(process);
  } else {
    /* It was so quick that it had ended before it could be taken hold of. */
    EXPECT(strstr(message, "ended") != NULL);
    weld_free(message);
  }

  /* One that does not, nor can it change: its image was not made for that. */
  weld_image *image = image_for(WELD_MACHINE_X86_64, "still");
  weld_function function = function_of("start", endless, sizeof endless);
  DONE(weld_image_update_function(image, 1, &function, NULL));
  export_as(image, 1, "_start");
  DONE(weld_image_flush(image));
  limits.size = sizeof limits;
  limits.program = "/bin/sh";
  EXPECT(weld_process_launch(weld_image_path(image), NULL, NULL, &limits, &process, NULL) ==
         WELD_ERROR_OTHER_PROGRAM);
  limits.program = NULL;
  limits.attempts = 20;
  limits.stop_microseconds = 5000;
  EXPECT(weld_process_launch(weld_image_path(image), NULL, NULL, &limits, &process, NULL) ==
         WELD_OK);
  EXPECT(weld_process_id(process) > 0);
  REFUSED(weld_image_begin_session(image, process, &session), WELD_ERROR_NOT_SWAPPABLE, "liveReserve");
  INVALID(weld_image_begin_session(image, NULL, &session), "process");
  INVALID(weld_image_begin_session(image, process, NULL), "session");
  weld_process *same = NULL;
  EXPECT(weld_process_attach(weld_process_id(process), NULL, &same, NULL) == WELD_OK);
  EXPECT(weld_process_poll(process, &state, &value) == WELD_OK && state == WELD_PROCESS_RUNNING);
  EXPECT(weld_process_send_signal(process, SIGTERM) == WELD_OK);
  EXPECT(weld_process_wait(process, &state, &value) == WELD_OK);
  EXPECT(state == WELD_PROCESS_KILLED && value == SIGTERM);
  EXPECT(weld_process_wait(same, NULL, NULL) == WELD_OK);
  EXPECT(weld_process_poll(same, &state, &value) == WELD_OK && state == WELD_PROCESS_ENDED);
  weld_process_destroy(same);
  weld_process_destroy(process);
  weld_image_destroy(image);
}

static void test_session(void) {
  weld_image_options options = checked_options_for(WELD_MACHINE_X86_64, "live");
  options.live_reserve = 1 << 16;
  weld_image *image = NULL;
  EXPECT(weld_image_create(&options, &image, NULL) == WELD_OK);
  weld_symbol step = 0;
  DONE(weld_image_symbol(image, 2, &step));
  /* A loop that calls through a slot. */
  uint8_t code[WELD_CALL_SEQUENCE_MAX + 2];
  size_t count = 0;
  DONE(weld_image_call_sequence(image, step, code, WELD_CALL_SEQUENCE_MAX, &count));
  code[count] = 0xeb;
  code[count + 1] = (uint8_t)-(int)(count + 2);
  weld_function function = function_of("start", code, count + 2);
  DONE(weld_image_update_function(image, 1, &function, NULL));
  export_as(image, 1, "_start");
  const uint8_t back[] = {0xc3};
  function = function_of("step", back, sizeof back);
  DONE(weld_image_update_function(image, 2, &function, NULL));
  weld_data data = data_of("variable", zeros, 8);
  DONE(weld_image_update_data(image, 3, &data, NULL));
  DONE(weld_image_flush(image));

  weld_process *process = NULL;
  weld_session *session = NULL;
  EXPECT(weld_process_launch(options.path, NULL, NULL, NULL, &process, NULL) == WELD_OK);
  DONE(weld_image_begin_session(image, process, &session));
  EXPECT(strcmp(weld_session_error_message(session), "") == 0);
  EXPECT(weld_session_set_reclaims(session, 1) == WELD_OK);
  weld_swap_report report;
  memset(&report, 0, sizeof report);
  EXPECT(weld_session_swap(session, &report) == WELD_ERROR_INVALID);
  EXPECT(strstr(weld_session_error_message(session), "size") != NULL);
  report.size = sizeof report;
  EXPECT(weld_session_swap(session, &report) == WELD_OK && report.swapped_count == 0);

  /* A variable with another layout is refused, until it is taken back. */
  data.byte_count = 24;
  DONE(weld_image_update_data(image, 3, &data, NULL));
  DONE(weld_image_flush(image));
  char *reasons = NULL;
  EXPECT(weld_session_preflight(session, &reasons) == WELD_OK && reasons != NULL);
  EXPECT(reasons != NULL && strstr(reasons, "variable") != NULL);
  weld_free(reasons);
  EXPECT(weld_session_preflight(session, NULL) == WELD_ERROR_INVALID);
  EXPECT(weld_session_swap(session, NULL) == WELD_ERROR_REFUSED);
  EXPECT(strstr(weld_session_error_message(session), "variable") != NULL);
  data.byte_count = 8;
  DONE(weld_image_update_data(image, 3, &data, NULL));

  /* exit(5) */
  const uint8_t leave[] = {0xbf, 5, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 5};
  function = function_of("step", leave, sizeof leave);
  DONE(weld_image_update_function(image, 2, &function, NULL));
  DONE(weld_image_flush(image));
  EXPECT(weld_session_preflight(session, &reasons) == WELD_OK && reasons == NULL);
  EXPECT(weld_session_swap(session, &report) == WELD_OK);
  int found = 0;
  for (size_t i = 0; i < report.swapped_count; i++) {
    if (strcmp(report.swapped[i], "step") == 0) found = 1;
  }
  EXPECT(found && report.threads == 1 && report.attempts >= 1 && report.bytes_written > 0);
  EXPECT(report.stopped_microseconds > 0 && report.kept_count == 0);
  weld_process_state state = WELD_PROCESS_RUNNING;
  int32_t value = 0;
  EXPECT(weld_process_wait(process, &state, &value) == WELD_OK);
  EXPECT(state == WELD_PROCESS_EXITED && value == 5);
  uint64_t given_back = 0;
  const weld_result collected = weld_session_collect(session, 1, &given_back);
  EXPECT(collected == WELD_OK || collected == WELD_ERROR_ENDED);
  DONE(weld_image_update_function(image, 2, &function, NULL));
  DONE(weld_image_flush(image));
  EXPECT(weld_session_swap(session, NULL) == WELD_ERROR_ENDED);
  weld_session_destroy(session);
  weld_process_destroy(process);
  weld_image_destroy(image);
}

int main(int count, char **words) {
  if (count != 3) return 2;
  directory = words[1];
  test_null();
  test_options();
  const weld_machine machines[] = {WELD_MACHINE_X86_64, WELD_MACHINE_AARCH64, WELD_MACHINE_ARM,
                                   WELD_MACHINE_RISCV64, WELD_MACHINE_SPARC64};
  for (int i = 0; i < 5; i++) test_declarations(machines[i], words[2]);
  test_lazy();
  test_debug();
  test_inputs(words[2]);
  test_processes();
  test_session();
  if (failures == 0) puts("all calls");
  return failures == 0 ? 0 : 1;
}
