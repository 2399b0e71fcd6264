int late_variable = 5;
int late(void) { return 6; }
