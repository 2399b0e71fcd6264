extern int nowhere;
int unneeded(void) { return nowhere; }
