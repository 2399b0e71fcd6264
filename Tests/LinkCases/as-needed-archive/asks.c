int member(void);
int asks(void) { return member(); }
