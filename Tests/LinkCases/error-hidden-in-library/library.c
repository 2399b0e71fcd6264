__attribute__((visibility("hidden"))) int secret(void) { return 1; }
int visible(void) { return secret(); }
