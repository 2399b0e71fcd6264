int which(void);
int asks(void) { return which(); }
