int exact(void) { return 1; }
int newer(void) { return 2; }
int glob_one(void) { return 3; }
int kept_local(void) { return 4; }
const char *moved_old(void) { return "old"; }
const char *moved_new(void) { return "new"; }
__asm__(".symver moved_old, moved@FIRST_1.0");
__asm__(".symver moved_new, moved@@SECOND_2.0");
