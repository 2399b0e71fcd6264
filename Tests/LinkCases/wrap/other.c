int work(int); int call_work(void) { return work(10); }
