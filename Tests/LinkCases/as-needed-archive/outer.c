int asks(void);
int outer(void) { return asks(); }
