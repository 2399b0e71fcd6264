struct point { int x, y; };
int inner(struct point *point, int n) {
  return point->x + point->y + n;
}
