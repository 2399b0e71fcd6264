__attribute__((visibility("protected"))) int function(void) { return 3; }
void *address(void) { return (void *)function; }
