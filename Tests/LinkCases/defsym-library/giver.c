int given(void) { return 10; }
int (*address_in_library(void))(void) { return given; }
