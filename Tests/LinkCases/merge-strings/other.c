#include <wchar.h>
const char *const other_text = "a fairly unique literal";
const wchar_t *const other_wide = L"wide literal";
