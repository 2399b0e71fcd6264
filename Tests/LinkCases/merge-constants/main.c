// Mergeable constants of 4, 8, 16 and 32 bytes, referred to by section symbol and with addends.
//#kinds: static pie
//#object: constants.S
//#object: constants.S -DSECOND -> second.o
//#exit: 0
extern const double *first_pi, *second_pi;
extern const int *first_four, *second_four;
extern const long *first_sixteen, *second_sixteen;
int main(void) {
  if (*first_pi != 3.25 || *second_pi != 3.25) return 1;
  if (first_pi != second_pi) return 2;
  if (*first_four != 44 || *second_four != 44 || first_four != second_four) return 3;
  if (first_sixteen[0] != 1 || first_sixteen[1] != 2) return 4;
  if (second_sixteen[0] != 1 || second_sixteen[1] != 2 || first_sixteen != second_sixteen) return 5;
  if ((unsigned long)first_sixteen % 16) return 6;
}
