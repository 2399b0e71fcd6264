/* weld.h - a linker that a compiler holds in its hand.
 *
 * An image is a program under construction. The compiler gives it one declaration at a time, as
 * finished bytes; each is placed at once, at an address that stays, and an edit rewrites that
 * declaration alone. Code calls other code, and reaches data, through the offset table: a slot for
 * each symbol, at an address that never changes, holds the symbol's present address. `flush` writes
 * the program to its file; a session brings what flushes change into a process that runs it.
 *
 * Conventions, for all that follows
 *
 * Results. A call that can fail returns a `weld_result`: WELD_OK, or why it failed. It then has
 * changed nothing, neither the image nor what its other parameters point at (unless its
 * description says otherwise), and the text that the handle's `..._error_message` returns says what
 * is wrong, with names and values, and what helps. A null pointer where none may be, a symbol that
 * the image does not have, a number that is no member of its enumeration and a `size` that is too
 * small are WELD_ERROR_INVALID, never a crash. A handle that was destroyed may not be used again.
 * Results that are pointers to where something is to be stored may be null where the caller does
 * not want it, if their description says "may be null".
 *
 * Sizes of structures. A structure whose first member is `size` may grow in later versions: the
 * caller sets it to `sizeof` the structure. Members that the caller's header does not have are
 * taken as zero, so zero always means the default; make structures with `= {0}` or memset. What a
 * newer header has and this library does not know must be zero, else the call is refused.
 * Structures without a `size` stay as they are.
 *
 * Ownership. What is passed in is copied and need not outlive the call. Texts that come back
 * through a `char **` belong to the caller, who gives them to `weld_free`; what comes back as a
 * `const char *` or in a structure belongs to the library, for as long as its description says.
 *
 * Texts end with a NUL byte and are UTF-8. Addresses and sizes are in bytes, unless a name says
 * otherwise; an alignment is the log2 of bytes. Members of type `uint8_t` that answer a question
 * are 0 for no, and anything else for yes.
 *
 * Threads. A handle is used by one thread at a time; different images, with their processes and
 * sessions, may be used by different threads at once. A call while another thread is in one with the
 * same handle (or with the image of a session) is WELD_ERROR_IN_USE, and a destruction then has no
 * effect: the handle is still there.
 *
 * Numbers. Every number is checked before it is used. A count that leads far out of the caller's
 * memory is WELD_ERROR_INVALID, as far as the system tells.
 *
 * Memory. Growth of an image fails with WELD_ERROR_OUT_OF_ROOM where the system refuses memory,
 * address space, or room on the disk, also by a limit (RLIMIT_AS, RLIMIT_FSIZE; no signal is sent).
 * Only where it refuses memory for a small allocation that it seemed to have a moment before does
 * the process end, as a crash or with a message and status 1; so may a flush that has to link many
 * other inputs.
 */
#ifndef WELD_H
#define WELD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version --------------------------------------------------------------------------------- */

/* The version of this header. Versions of one major number (before 1: of one minor number) have one
 * binary interface, to which later ones may add. */
#define WELD_VERSION "0.1.0"
#define WELD_VERSION_MAJOR 0
#define WELD_VERSION_MINOR 1
#define WELD_VERSION_PATCH 0

/* The version of the library, as WELD_VERSION is the header's. The text is never freed. */
const char *weld_version(void);

/* ---- Results --------------------------------------------------------------------------------- */

typedef enum weld_result {
  WELD_OK = 0,
  /* The system gave no more memory, address space or room on the disk, or a limit is reached. */
  WELD_ERROR_OUT_OF_ROOM = 1,
  /* A file could not be opened, written or renamed. */
  WELD_ERROR_FILE = 2,
  /* A name is defined by two strong definitions. */
  WELD_ERROR_DUPLICATE = 3,
  /* A name, or a symbol, has no definition. */
  WELD_ERROR_UNDEFINED = 4,
  /* There is no entry point. */
  WELD_ERROR_NO_ENTRY = 5,
  /* A value does not fit the place that it is for. */
  WELD_ERROR_RANGE = 6,
  /* What was asked for makes no sense. */
  WELD_ERROR_INVALID = 7,
  /* What was linked into the image from files is in error. */
  WELD_ERROR_INPUTS = 8,
  /* The image was not made for running programs that change, or has changes that were not flushed;
   * or the process does not run what the last flush wrote. */
  WELD_ERROR_NOT_SWAPPABLE = 9,
  /* Another thread is in a call with the handle. No message is left: it would be that call's. */
  WELD_ERROR_IN_USE = 10,

  /* Of running processes. Such a process then runs on as it was, unless it is NOT_UNDONE. */

  /* The process has ended, or runs another program now. */
  WELD_ERROR_ENDED = 32,
  /* The system does not let this process trace the other one. */
  WELD_ERROR_NOT_PERMITTED = 33,
  /* The process does not run the image's program, or is for another machine. */
  WELD_ERROR_OTHER_PROGRAM = 34,
  /* The change cannot be made in a running process; the message lists the reasons. */
  WELD_ERROR_REFUSED = 35,
  /* Threads were in the code that is to be replaced each time that it was tried. */
  WELD_ERROR_BUSY = 36,
  /* Threads did not stop in time. */
  WELD_ERROR_TIME_LIMIT = 37,
  /* Something could not be written; what was written before is undone. */
  WELD_ERROR_NOT_WRITTEN = 38,
  /* Something could not be written, and what was written before could not be undone: the process
   * has to be started anew. */
  WELD_ERROR_NOT_UNDONE = 39,
  /* The system refused something else: a thread, a file, a program to start. */
  WELD_ERROR_SYSTEM = 40
} weld_result;

/* The name of a result in words, such as "out of room"; "unknown" if it is none. The text is never
 * freed. */
const char *weld_result_name(weld_result result);

/* Frees a text that came back through a `char **`. Null is allowed. */
void weld_free(char *text);

/* ---- Images ---------------------------------------------------------------------------------- */

/* A program under construction. */
typedef struct weld_image weld_image;

/* A symbol of an image. It stays the same from the first use of a declaration until that is freed.
 * No symbol is 0. */
typedef uint32_t weld_symbol;

/* The machine that an image is for. */
typedef enum weld_machine {
  WELD_MACHINE_X86_64 = 1,
  WELD_MACHINE_AARCH64 = 2,
  /* 32 bits, ARMv7 with hardware floating point. */
  WELD_MACHINE_ARM = 3,
  WELD_MACHINE_RISCV64 = 4,
  /* Big endian. */
  WELD_MACHINE_SPARC64 = 5
} weld_machine;

/* A system whose files programs in C start and end with. */
typedef enum weld_system {
  WELD_SYSTEM_NONE = 0,
  WELD_SYSTEM_LINUX_GLIBC = 1,
  WELD_SYSTEM_LINUX_MUSL = 2,
  WELD_SYSTEM_FREEBSD = 3,
  WELD_SYSTEM_OPENBSD = 4,
  WELD_SYSTEM_NETBSD = 5,
  WELD_SYSTEM_DRAGONFLY = 6,
  WELD_SYSTEM_HAIKU = 7,
  WELD_SYSTEM_ILLUMOS = 8,
  WELD_SYSTEM_ANDROID = 9
} weld_system;

/* What kind of program those files are for. Images are at fixed addresses, so they take the first
 * two. */
typedef enum weld_mode {
  /* An executable at fixed addresses that uses shared libraries. */
  WELD_MODE_DYNAMIC = 0,
  /* An executable at fixed addresses without. */
  WELD_MODE_STATIC = 1,
  WELD_MODE_PIE = 2,
  WELD_MODE_STATIC_PIE = 3,
  WELD_MODE_SHARED = 4
} weld_mode;

/* How the other inputs of a program are linked: objects, archives, shared libraries. */
typedef struct weld_inputs {
  size_t size; /* sizeof(weld_inputs) */
  /* Directories in which libraries are looked for, before the system's own. */
  const char *const *library_directories;
  size_t library_directory_count;
  /* The system whose start-up files and C library are linked in; the program's entry is then
   * `_start`, which calls `main`. */
  weld_system startup_system;
  weld_mode startup_mode;
  /* Whether to do without shared libraries and a program interpreter. So it is, too, if
   * `startup_mode` says so. */
  uint8_t is_static;
} weld_inputs;

typedef struct weld_image_options {
  size_t size; /* sizeof(weld_image_options) */
  weld_machine machine;
  /* Whether every call checks all that must always hold, and ends the process where it does not:
   * slow, for tests. */
  uint8_t checks_invariants;
  /* The program that a flush writes. */
  const char *path;
  /* The symbol at which the program starts, a function; null for `_start`. */
  const char *entry;
  /* Where the address ranges of the sections begin, a multiple of the page size, with the other
   * inputs below; 0 for the machine's own choice. */
  uint64_t base_address;
  /* Bytes of address space that each section has at first; 0 for 64 MiB. What outgrows it goes on
   * in another range. */
  uint64_t reserve;
  /* Bytes of growth that each section has room for in a running program, for sessions; 0 for
   * programs that are not changed while they run. Messages call it `liveReserve`. */
  uint64_t live_reserve;
  /* Bytes set aside for thread-local variables; 0 for 4096, at most 2^30. The name
   * `__weld_thread_pointer` is what the thread pointer of a program of one thread, without a C
   * library, is to hold. */
  uint64_t thread_local_reserve;
  /* How other inputs are linked in; null for programs without any. */
  const weld_inputs *inputs;
} weld_image_options;

/* Makes an image, empty and not yet in any file.
 *
 * message: where to store why it failed, for `weld_free`; nothing is stored on success. May be
 *   null.
 * Errors: WELD_ERROR_INVALID if the options contradict each other; WELD_ERROR_OUT_OF_ROOM. */
weld_result weld_image_create(const weld_image_options *options, weld_image **image,
                              char **message);

/* Frees an image; the file of the last flush stays. Sessions of the image must be destroyed first.
 * Null is allowed. Not from a lazy provider of the image, nor while another thread is in a call with
 * it: it has no effect then. */
void weld_image_destroy(weld_image *image);

/* Why the last call with this image that failed has failed; empty if none has. Valid until the next
 * call with the image. */
const char *weld_image_error_message(const weld_image *image);

/* The path that the image was made with; valid as long as the image. Null for a null image. */
const char *weld_image_path(const weld_image *image);

/* ---- Declarations ---------------------------------------------------------------------------- */

/* Declarations are known by keys of the caller's, any numbers. */

/* The symbol of a declaration, made on first use, before or after its bytes are known. */
weld_result weld_image_symbol(weld_image *image, uint64_t declaration, weld_symbol *symbol);

/* What is written at a place that refers to a symbol. */
typedef enum weld_relocation_kind {
  /* The address, as wide as a pointer. */
  WELD_RELOCATION_ADDRESS = 0,
  /* What to add to the thread pointer to reach a thread-local variable, as wide as a pointer. */
  WELD_RELOCATION_THREAD_OFFSET = 1,
  /* The low 32 bits of the distance from the place to the address; refused if it does not fit. */
  WELD_RELOCATION_RELATIVE_32 = 2,
  /* What to add to the thread pointer, in 32 bits; refused if it does not fit. */
  WELD_RELOCATION_THREAD_OFFSET_32 = 3,
  /* Nothing is written: the bytes reach the symbol through its slot. For compilers that want to
   * hear who refers to names which nothing defines. */
  WELD_RELOCATION_SLOT_USE = 4
} weld_relocation_kind;

/* A place in a declaration's bytes that holds the address of a symbol. When the symbol moves, the
 * place is written again. */
typedef struct weld_relocation {
  /* Bytes from the declaration's start. */
  uint64_t offset;
  int64_t addend;
  weld_symbol target;
  weld_relocation_kind kind;
} weld_relocation;

typedef struct weld_function_debug weld_function_debug;
typedef struct weld_variable_debug weld_variable_debug;

/* The bytes of a function. */
typedef struct weld_function {
  size_t size; /* sizeof(weld_function) */
  /* Its name in the symbol table, local to this program; while it has exports, it is known by those
   * alone. May not be null. */
  const char *name;
  /* A function of no bytes has one, and so has data: no two have the same address. */
  const uint8_t *code;
  size_t code_size;
  /* The only places in the code that refer to symbols other than through slots. */
  const weld_relocation *relocations;
  size_t relocation_count;
  /* What a debugger should know; null for nothing. */
  const weld_function_debug *debug;
  /* log2 of bytes; the machine's own alignment of code holds in any case. */
  uint8_t alignment;
} weld_function;

/* Places a function, or replaces its bytes; earlier relocations and debug information are
 * forgotten.
 *
 * symbol: may be null.
 * Errors: WELD_ERROR_OUT_OF_ROOM, WELD_ERROR_RANGE (a relocation does not fit),
 * WELD_ERROR_INVALID. */
weld_result weld_image_update_function(weld_image *image, uint64_t declaration,
                                       const weld_function *function, weld_symbol *symbol);

/* What data is, which decides its section. */
typedef enum weld_data_kind {
  /* `.data`, or `.bss` if all bytes are zero and nothing in them refers to a symbol; with a
   * `live_reserve`, zeroed data of up to 4096 bytes goes to `.data`, too. */
  WELD_DATA_MUTABLE = 0,
  /* `.rodata`. */
  WELD_DATA_IMMUTABLE = 1,
  /* `.tdata`, or `.tbss` if all bytes are zero; each thread has its own. */
  WELD_DATA_THREAD_LOCAL = 2
} weld_data_kind;

/* The bytes of a variable or constant. */
typedef struct weld_data {
  size_t size; /* sizeof(weld_data) */
  /* Its name in the symbol table, local to this program. May not be null. */
  const char *name;
  const uint8_t *bytes;
  size_t byte_count;
  /* Bytes of zero behind `bytes`; many of them cost no memory and no room on the disk. */
  uint64_t zero_fill;
  const weld_relocation *relocations;
  size_t relocation_count;
  /* What a debugger should know; null for nothing. */
  const weld_variable_debug *debug;
  weld_data_kind kind;
  /* log2 of bytes: at most 30, and 6 for thread-local data. */
  uint8_t alignment;
} weld_data;

/* Places a variable or constant, or replaces its bytes. Its section follows from its kind and bytes
 * each time: what was a constant may become a variable, and keeps its symbol and slot.
 *
 * symbol: may be null.
 * Errors: as `weld_image_update_function`. */
weld_result weld_image_update_data(weld_image *image, uint64_t declaration, const weld_data *data,
                                   weld_symbol *symbol);

/* Gives up a declaration: its bytes, constants, exports, slot, debug information, and the
 * relocations in it. Places that hold its address are as if it were undefined: a flush that still
 * finds them fails with WELD_ERROR_UNDEFINED. Its symbol may not be used any more.
 *
 * Errors: WELD_ERROR_INVALID if the image does not have that declaration. */
weld_result weld_image_free_declaration(weld_image *image, uint64_t declaration);

/* Bytes without a name of their own. */
typedef struct weld_content {
  size_t size; /* sizeof(weld_content) */
  const uint8_t *bytes;
  size_t byte_count;
  const weld_relocation *relocations;
  size_t relocation_count;
  /* log2 of bytes. */
  uint8_t alignment;
} weld_content;

/* Places read-only bytes without a name, which belong to `declaration` and die when that is next
 * updated or freed. So they are made before the update of the declaration that uses them.
 *
 * Errors: as `weld_image_update_function`. */
weld_result weld_image_unnamed_constant(weld_image *image, uint64_t declaration,
                                        const weld_content *content, weld_symbol *symbol);

/* ---- Names ----------------------------------------------------------------------------------- */

typedef enum weld_binding {
  WELD_BINDING_LOCAL = 0,
  WELD_BINDING_STRONG = 1,
  WELD_BINDING_WEAK = 2,
  /* As weak; equal definitions in several places stand for each other. */
  WELD_BINDING_LINK_ONCE = 3
} weld_binding;

typedef enum weld_visibility {
  WELD_VISIBILITY_DEFAULT = 0,
  WELD_VISIBILITY_HIDDEN = 1,
  WELD_VISIBILITY_PROTECTED = 2
} weld_visibility;

/* A name by which a declaration is known outside its compiler's unit. */
typedef struct weld_export {
  const char *name;
  /* The section that holds the declaration, where it is not the one of its kind; null for that one.
   * Exports that name one agree on it. Names that mean something to linkers or loaders are
   * refused. */
  const char *section;
  weld_binding binding;
  weld_visibility visibility;
} weld_export;

/* Sets by which names a declaration is known outside; names no longer listed are removed.
 *
 * Errors: WELD_ERROR_DUPLICATE if a strong name is already defined by a strong definition. */
weld_result weld_image_update_exports(weld_image *image, uint64_t declaration,
                                      const weld_export *exports, size_t count);

/* Removes one name of a declaration. Where it was the definition in force, the next best takes its
 * place. */
weld_result weld_image_remove_export(weld_image *image, uint64_t declaration, const char *name);

/* The symbol of a name that other files, or other declarations' exports, define. If nobody does by
 * the next flush, that flush says so; a weak one is then zero. */
weld_result weld_image_imported_symbol(weld_image *image, const char *name, uint8_t is_weak,
                                       weld_symbol *symbol);

/* ---- Addresses ------------------------------------------------------------------------------- */

/* The address of a symbol's slot in the offset table, fixed for as long as the symbol lives. */
weld_result weld_image_offset_table_address(weld_image *image, weld_symbol symbol,
                                            uint64_t *address);

/* No machine's call is longer. */
#define WELD_CALL_SEQUENCE_MAX 64

/* The instructions by which the image's machine calls `symbol` through its slot. They do not depend
 * on where they stand. A call clobbers the machine's return-address register and no other.
 *
 * capacity: of `buffer`, in bytes; WELD_CALL_SEQUENCE_MAX is always enough.
 * count: how many bytes there are, also stored where they do not fit.
 * Errors: WELD_ERROR_RANGE if they do not fit. */
weld_result weld_image_call_sequence(weld_image *image, weld_symbol symbol, uint8_t *buffer,
                                     size_t capacity, size_t *count);

/* The same for a slot whose address is known, without an image.
 *
 * Errors: WELD_ERROR_RANGE if the bytes do not fit, or the machine cannot reach that address. */
weld_result weld_call_sequence(weld_machine machine, uint64_t slot, uint8_t *buffer,
                               size_t capacity, size_t *count);

/* Records that the bytes of `holder` at `offset` hold the address of `symbol` plus `addend`, and
 * stores today's value. When the symbol moves, the place is written again.
 *
 * address: may be null. */
weld_result weld_image_address(weld_image *image, weld_symbol symbol, weld_symbol holder,
                               uint64_t offset, int64_t addend, uint64_t *address);

/* Today's address of a symbol.
 *
 * Errors: WELD_ERROR_UNDEFINED while it has no bytes, or is no symbol of the image. */
weld_result weld_image_current_address(weld_image *image, weld_symbol symbol, uint64_t *address);

/* ---- Lazy symbols ---------------------------------------------------------------------------- */

/* What is made at its first use. The symbol table calls it `lazy.code.N` or `lazy.constant.N`, by its
 * key, or with `all` in place of that. */
typedef enum weld_lazy_kind {
  /* Code, in `.text`. */
  WELD_LAZY_CODE = 0,
  /* Constants, in `.rodata`. */
  WELD_LAZY_CONSTANT = 1
} weld_lazy_kind;

/* Makes the bytes of a lazy symbol. Called in a flush.
 *
 * is_table: not 0 for the symbol that depends on all others of its kind; `key` is then 0.
 * content: to be filled in; `size` is set, all else is zero. What it points at must stay valid
 *   until the provider is called again or the flush returns.
 * It may ask the image for symbols and slots, and use other lazy symbols; it may not flush, update
 * or free anything, nor use or destroy a session of the image. Nor may it destroy the image: that has
 * no effect, and the flush fails with WELD_ERROR_INVALID.
 * Returns WELD_OK, or what the flush is to fail with. */
typedef weld_result (*weld_lazy_provider)(void *user_data, weld_image *image, weld_lazy_kind kind,
                                          uint64_t key, uint8_t is_table, weld_content *content);

/* Sets who makes lazy symbols; a null provider for nobody.
 *
 * user_data: passed on to each call of the provider; it and what it points at stay the caller's,
 *   and must be valid until the image is destroyed or gets another provider. */
weld_result weld_image_set_lazy_provider(weld_image *image, weld_lazy_provider provider,
                                         void *user_data);

/* The symbol of something that is made by the flush which follows its first use. */
weld_result weld_image_lazy_symbol(weld_image *image, weld_lazy_kind kind, uint64_t key,
                                   weld_symbol *symbol);

/* The symbol of what depends on all other lazy symbols of a kind, such as a table of them: it is
 * made by each flush that follows a use. */
weld_result weld_image_lazy_table(weld_image *image, weld_lazy_kind kind, weld_symbol *symbol);

/* ---- Other inputs ---------------------------------------------------------------------------- */

/* Only for images that were made with `inputs`, else WELD_ERROR_INVALID. Files are read when the
 * image is flushed: what is wrong with them is WELD_ERROR_INPUTS there. */

/* Adds a relocatable object. */
weld_result weld_image_add_object(weld_image *image, const char *path);
/* Adds an archive; members come in as their symbols are needed. */
weld_result weld_image_add_archive(weld_image *image, const char *path);
/* Adds a shared library. */
weld_result weld_image_add_shared_library(weld_image *image, const char *path);
/* Adds a library by name, as the option `-l` of linkers does. */
weld_result weld_image_add_library(weld_image *image, const char *name);
/* Adds what a program in C starts and ends with on a system, and its C library; the entry is then
 * `_start`, which calls `main`. As `startup_system` of `weld_inputs`, said later. */
weld_result weld_image_add_startup_files(weld_image *image, weld_system system, weld_mode mode);

/* ---- Output ---------------------------------------------------------------------------------- */

/* Writes what changed since the last flush, and makes it the file at the image's path. A program
 * that runs is not disturbed: it keeps the file that it was started from.
 * What others have done to that file meanwhile is replaced, but for its rights. What is no file, such
 * as a device, stays as it is.
 *
 * Errors: WELD_ERROR_UNDEFINED, WELD_ERROR_NO_ENTRY, WELD_ERROR_INPUTS, WELD_ERROR_FILE,
 * WELD_ERROR_OUT_OF_ROOM, or what a lazy provider returned. The file of the last flush then stays
 * whole. */
weld_result weld_image_flush(weld_image *image);

/* Every file of the image with its local and global symbols, a line each. */
weld_result weld_image_dump(weld_image *image, char **text);
/* The same as JSON. */
weld_result weld_image_dump_json(weld_image *image, char **text);

/* What an image has done since it was made. */
typedef struct weld_counts {
  size_t size; /* sizeof(weld_counts) */
  /* Declarations and constants placed for the first time, moved to another address, and rewritten
   * where they were. */
  uint64_t atoms_placed;
  uint64_t atoms_moved;
  uint64_t atoms_rewritten;
  uint64_t slots_written;
  uint64_t relocations_applied;
  /* Bytes written to the image; what goes to the file follows from it. */
  uint64_t bytes_written;
  /* Bytes of the sections' contents that flushes wrote to files. */
  uint64_t file_bytes_written;
  uint64_t flushes;
  /* Sections that moved in the file. */
  uint64_t sections_moved;
} weld_counts;

/* Fills in `counts`, of which `size` is set. */
weld_result weld_image_counts(weld_image *image, weld_counts *counts);

/* Checks everything that must always hold, for tests. Stores a line for each thing that does not;
 * null, and that is the rule, if there is none. */
weld_result weld_image_violations(weld_image *image, char **text);

/* ---- Debug information ----------------------------------------------------------------------- */

/* A compilation unit: one source file. Units with equal members are one. */
typedef struct weld_debug_unit {
  size_t size; /* sizeof(weld_debug_unit) */
  /* Path of the source, and the directory that it is relative to. */
  const char *path;
  const char *directory;
  /* The compiler's name and version. */
  const char *producer;
  /* DW_LANG constant (DWARF 5, table 7.17); 0 for C99: in languages that they do not know,
   * debuggers do not skip prologues. */
  uint16_t language;
} weld_debug_unit;

typedef enum weld_debug_type_kind {
  /* `name`, `bytes`, `is_signed`. */
  WELD_TYPE_INTEGER = 0,
  /* `name`, `bytes`. */
  WELD_TYPE_BOOLEAN = 1,
  /* `name`, `bytes`. */
  WELD_TYPE_FLOAT = 2,
  /* `target`; null for a pointer to anything. */
  WELD_TYPE_POINTER = 3,
  /* `target` and `count` of elements, counted from 0. */
  WELD_TYPE_ARRAY = 4,
  /* `name`, `bytes`, and `count` `fields`. */
  WELD_TYPE_STRUCTURE = 5,
  /* A structure by its `name` alone, where its description would not end: a list's node points at
   * incomplete nodes. Debuggers look the fields up in the structure of that name. */
  WELD_TYPE_INCOMPLETE = 6,
  /* A function, to be pointed at: `target` is its result, null for none, and there are `count`
   * `parameters`. */
  WELD_TYPE_FUNCTION = 7
} weld_debug_type_kind;

typedef struct weld_debug_type weld_debug_type;

typedef struct weld_debug_field {
  const char *name;
  const weld_debug_type *type;
  /* Bytes from the structure's start. */
  uint64_t offset;
} weld_debug_field;

/* A type, as a debugger shows it. A description that is more than 64 types deep, or has more than
 * 65,536 in all, is refused: one that leads back to itself needs WELD_TYPE_INCOMPLETE. */
struct weld_debug_type {
  weld_debug_type_kind kind;
  uint8_t is_signed;
  const char *name;
  uint64_t bytes;
  const weld_debug_type *target;
  uint64_t count;
  const weld_debug_field *fields;
  const weld_debug_type *const *parameters;
};

/* The line that an instruction belongs to. */
typedef struct weld_debug_line {
  /* Bytes from the function's start; ascending. */
  uint32_t offset;
  /* From 1. */
  uint32_t line;
  /* From 1; 0 for none. */
  uint32_t column;
} weld_debug_line;

/* A parameter or local variable that lies in the function's frame. */
typedef struct weld_debug_local {
  const char *name;
  const weld_debug_type *type;
  /* Bytes from the frame base (DW_OP_fbreg). */
  int64_t frame_offset;
  uint8_t is_parameter;
} weld_debug_local;

/* What a debugger should know of a function. */
struct weld_function_debug {
  size_t size; /* sizeof(weld_function_debug) */
  const weld_debug_unit *unit;
  /* As the source calls it. */
  const char *name;
  const weld_debug_line *lines;
  size_t line_count;
  /* Null for none. */
  const weld_debug_type *result;
  const weld_debug_local *locals;
  size_t local_count;
  /* Call frame instructions, after those common to the machine's functions (on entry: the frame is
   * the stack pointer as the caller left it); none are written for this function if there are none.
   * Code offsets count by 1 byte on x86-64, 2 on arm and riscv64, 4 on aarch64 and sparc64; saved
   * registers' offsets by -4 on arm and -8 elsewhere. Source: DWARF 5, 6.4.2. */
  const uint8_t *frame_instructions;
  size_t frame_instruction_size;
  /* DWARF number of the register that `frame_offset` of locals counts from. */
  uint8_t frame_register;
  /* Whether other units cannot refer to it by its name. */
  uint8_t is_internal;
};

/* What a debugger should know of a variable. */
struct weld_variable_debug {
  size_t size; /* sizeof(weld_variable_debug) */
  const weld_debug_unit *unit;
  const char *name;
  const weld_debug_type *type;
  /* Whether other units cannot refer to it by its name. */
  uint8_t is_internal;
};

/* An edit that only shifted a function's lines: rewrites its line records and nothing else.
 *
 * Errors: WELD_ERROR_INVALID if the declaration has no debug information. */
weld_result weld_image_update_lines(weld_image *image, uint64_t declaration,
                                    const weld_debug_line *lines, size_t count);

/* ---- Running processes ----------------------------------------------------------------------- */

/* A running process whose code can be changed: on Linux, for x86-64 and aarch64, of the machine
 * that this process runs on. */
typedef struct weld_process weld_process;

typedef struct weld_process_options {
  size_t size; /* sizeof(weld_process_options) */
  /* The file that the process has to run, as it is when this is called; null if any will do. */
  const char *program;
  /* How often the process is stopped before a swap is given up; 0 for 10. */
  uint32_t attempts;
  /* Microseconds that threads have for stopping at the first attempt, and twice as many at each
   * attempt after it; 0 for 1000. */
  uint32_t stop_microseconds;
} weld_process_options;

/* Starts a program and takes hold of it. It gets this process' standard streams. A process that was
 * launched must be waited for with `weld_process_wait` or `weld_process_poll`: `waitpid` elsewhere,
 * for this or any process, would also be told of the stops that swaps make.
 *
 * arguments: all of them, the program's name first, with a null pointer at the end; null for the
 *   path alone.
 * environment: as NAME=value, with a null pointer at the end; null for this process' own.
 * options: may be null.
 * message: where to store why it failed, for `weld_free`; nothing is stored on success. May be
 *   null.
 * Returns: WELD_OK also for a program that has ended already: `weld_process_wait` tells how.
 * Errors: all of running processes; a program that was started nevertheless has been killed
 * then. */
weld_result weld_process_launch(const char *path, const char *const *arguments,
                                const char *const *environment,
                                const weld_process_options *options, weld_process **process,
                                char **message);

/* Takes hold of a running process.
 *
 * id: its process id.
 * options, message: as `weld_process_launch`.
 * Errors: WELD_ERROR_ENDED, WELD_ERROR_NOT_PERMITTED, WELD_ERROR_OTHER_PROGRAM. */
weld_result weld_process_attach(int32_t id, const weld_process_options *options,
                                weld_process **process, char **message);

/* Lets go of a process, which runs on, and frees the handle. Sessions with it must be destroyed
 * first. Null is allowed. */
void weld_process_destroy(weld_process *process);

/* Why the last call with this process that failed has failed; empty if none has. Valid until the
 * next call with the process. */
const char *weld_process_error_message(const weld_process *process);

/* The process id; 0 for a null handle. */
int32_t weld_process_id(const weld_process *process);

/* Sends the process a signal, which is delivered as if nobody were attached.
 *
 * Errors: WELD_ERROR_ENDED, WELD_ERROR_NOT_PERMITTED. */
weld_result weld_process_send_signal(weld_process *process, int32_t signal);

typedef enum weld_process_state {
  WELD_PROCESS_RUNNING = 0,
  /* Ended with an exit status. */
  WELD_PROCESS_EXITED = 1,
  /* Ended by a signal. */
  WELD_PROCESS_KILLED = 2,
  /* Ended; its parent, which is another process, was told how. */
  WELD_PROCESS_ENDED = 3
} weld_process_state;

/* Waits until the process has ended.
 *
 * state: how. value: the exit status or the number of the signal, else 0. Both may be null. */
weld_result weld_process_wait(weld_process *process, weld_process_state *state, int32_t *value);

/* The same without waiting: `state` may be WELD_PROCESS_RUNNING. */
weld_result weld_process_poll(weld_process *process, weld_process_state *state, int32_t *value);

/* ---- Hot swap -------------------------------------------------------------------------------- */

/* An image and a running process of its program, kept alike. */
typedef struct weld_session weld_session;

/* Begins with a process that runs what the image's last flush wrote. The image must have been made
 * with a `live_reserve`, and have no changes that were not flushed. From then on updates do not write
 * over code that may be running.
 *
 * An image has one session at a time: when another one begins, calls with the older one's handle are
 * WELD_ERROR_REFUSED. A session with the process of the one before goes on where that stood, with what
 * it had not brought into the process yet. One with another process begins anew.
 *
 * Errors, with the image's message: WELD_ERROR_NOT_SWAPPABLE, also if the process has ended, was
 * started from an older flush or runs another program; the session before goes on then. */
weld_result weld_image_begin_session(weld_image *image, weld_process *process,
                                     weld_session **session);

/* Frees a session; the process runs on. The image keeps what the process may be using until that has
 * ended, or a session with another one begins. Null is allowed. */
void weld_session_destroy(weld_session *session);

/* Why the last call with this session that failed has failed; empty if none has. Valid until the
 * next call with the session. */
const char *weld_session_error_message(const weld_session *session);

/* Whether a swap gives back the room of old code as soon as no thread is in it or will return to
 * it. Only for programs that never keep the address of a function in memory beyond its slot: an
 * address that they keep leads to the old code. At first it does not. */
weld_result weld_session_set_reclaims(weld_session *session, uint8_t reclaims);

/* What a swap did. */
typedef struct weld_swap_report {
  size_t size; /* sizeof(weld_swap_report) */
  /* Names of the declarations swapped; valid until the next swap of the session or its end. */
  const char *const *swapped;
  size_t swapped_count;
  /* Addresses in data that were left alone, because the program has changed them; valid as
   * above. */
  const uint64_t *kept;
  size_t kept_count;
  /* Threads that were stopped. */
  uint64_t threads;
  /* How often the process was stopped. */
  uint64_t attempts;
  /* Bytes written to the process' memory. */
  uint64_t bytes_written;
  /* The longest that any thread was stopped. */
  double stopped_microseconds;
  /* How long all threads were stopped, for the change itself. */
  double held_microseconds;
} weld_swap_report;

/* Why the last flush cannot be brought into the process: a line for each reason; null if nothing is
 * known to stand in its way. The process is not stopped. */
weld_result weld_session_preflight(weld_session *session, char **reasons);

/* Brings what flushes have changed into the process: everything, or nothing. What it could not take
 * comes along with the next swap. A change that no running process can take, such as one of a
 * variable's layout, stays in the way until it is taken back, or the program is started anew with a
 * session of its own. The use of a function of a library is taken back only if the image knows who
 * uses it (WELD_RELOCATION_SLOT_USE).
 *
 * Changes that no flush has written, also because it failed, are WELD_ERROR_REFUSED.
 *
 * report: filled in on success; its `size` is set. May be null.
 * Errors: all of running processes. */
weld_result weld_session_swap(weld_session *session, weld_swap_report *report);

/* Looks which places of old code no thread can be in any more, and gives them back to the image: those
 * of changes that the process has.
 *
 * includes_memory: whether addresses in the program's data count as well, for programs that keep
 *   the addresses of their functions; it takes longer.
 * count: how many bytes were given back. May be null. */
weld_result weld_session_collect(weld_session *session, uint8_t includes_memory, uint64_t *count);

#ifdef __cplusplus
}
#endif

#endif
