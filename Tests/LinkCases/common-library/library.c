#ifdef SIDE_library
int v[100] = {1};
#else
int v[1] = {1};
#endif
int fill(void) {
  for (unsigned i = 0; i < sizeof v / sizeof *v; i++) v[i] = 100;
  return v[0];
}
