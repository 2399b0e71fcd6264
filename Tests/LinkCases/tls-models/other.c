__thread char padding = 1;
__thread int external = 20;
__thread char external_bytes[3];
int *other_address(void) { return &external; }
