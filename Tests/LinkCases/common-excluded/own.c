int variable[10] = {0, 1};
int own(void) {
  variable[0] = 1;
  return 0;
}
