int callback(void);
int use(void) { return callback(); }
