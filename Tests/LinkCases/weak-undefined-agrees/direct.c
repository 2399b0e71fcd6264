__attribute__((weak)) int maybe_function(void);
extern __attribute__((weak)) int maybe_variable;
int is_function(void) { return maybe_function != 0; }
int is_variable(void) { return &maybe_variable != 0; }
