void add(const char *);
__attribute__((constructor(101))) static void early(void) { add("101"); }
__attribute__((constructor)) static void on_start(void) { add("second"); }
__attribute__((destructor)) static void on_end(void) { add("second"); }
