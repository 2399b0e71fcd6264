int array[100];
int aligned __attribute__((aligned(256)));
int defined;
char *array_end(void) { return (char *)(array + 100); }
