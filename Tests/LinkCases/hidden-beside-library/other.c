int callback(void) { return 10; }
