// --error-limit bounds how many errors are told; all of them with 0.
//#each: LIMIT = 2 0
//#without: bfd does not have it
//#without: mold does not have it
//#link: -Wl,--error-limit=$LIMIT
//#expect-error: nowhere_a
//#expect-error[0]: nowhere_h
//#no-diagnostic[2]: nowhere_h
int nowhere_a(void), nowhere_b(void), nowhere_c(void), nowhere_d(void), nowhere_h(void);
int main(void) { return nowhere_a() + nowhere_b() + nowhere_c() + nowhere_d() + nowhere_h(); }
