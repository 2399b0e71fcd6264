int nowhere(void); int b(void) { return nowhere(); }
