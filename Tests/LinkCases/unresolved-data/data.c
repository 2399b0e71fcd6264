int late(void);
extern int late_variable;
int *variable = &late_variable;
int (*function)(void) = late;
