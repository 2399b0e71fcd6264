/* An object that the images of calls.c link. */
int twice(int value);

int twice(int value) { return 2 * value; }
