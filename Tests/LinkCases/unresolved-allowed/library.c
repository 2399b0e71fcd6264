int nowhere(void); int in_library(void) { return nowhere(); }
