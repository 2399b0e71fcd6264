__attribute__((visibility("hidden"))) int made_hidden(void);
int stays_visible(void);
int call(void) { return made_hidden() + stays_visible(); }
