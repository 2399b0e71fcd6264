void add(const char *);
__attribute__((constructor)) static void on_start(void) { add("first"); }
__attribute__((destructor)) static void on_end(void) { add("first"); }
__attribute__((constructor(65534))) static void late(void) { add("65535"); }
