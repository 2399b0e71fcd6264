// __start_/__stop_ around sections with C names, filled from several objects, in every kind.
//#kinds: static static-pie pie no-pie shared
//#object: other.c
//#exit: 10
extern int __start_numbers[], __stop_numbers[];
extern char __start_never[] __attribute__((weak)), __stop_never[] __attribute__((weak));
__attribute__((section("numbers"), used)) static int mine[] = {1, 2};
int main(void) {
  int sum = 0;
  for (int *p = __start_numbers; p < __stop_numbers; p++) sum += *p;
  return __start_never == 0 && __stop_never == 0 ? sum : 1;
}
