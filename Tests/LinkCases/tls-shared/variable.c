__thread int external = 11; int next(void) { return ++external; }
