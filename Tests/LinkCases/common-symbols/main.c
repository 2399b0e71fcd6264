// Common symbols: the largest size and the strictest alignment win; a definition wins over all.
//#kinds: static pie shared
//#compile: -fcommon
//#object: other.c
//#object: defined.c
//#check: readelf -sW $OUT ~ 400 (OBJECT|COMMON) .* array$
//#exit: 11
int array[10];
int aligned;
int defined;
char *array_end(void);
int main(void) {
  if ((unsigned long)&aligned % 256) return 1;
  for (int i = 0; i < 10; i++)
    if (array[i]) return 2;
  if (array_end() != (char *)array + 400) return 3;
  return defined;
}
