int renamed(void);
int (*volatile taken)(void) = renamed;
int through_library(void) { return renamed() + taken() - 8; }
