__attribute__((visibility("hidden"))) int hidden_function(void) { return 1; }
__attribute__((visibility("internal"))) int internal_function(void) { return 2; }
__attribute__((visibility("protected"))) int protected_function(void) { return 3; }
const char *default_function(void) { return "library"; }
int call_hidden(void) { return hidden_function(); }
int call_internal(void) { return internal_function(); }
int call_protected(void) { return protected_function(); }
const char *call_default(void) { return default_function(); }
