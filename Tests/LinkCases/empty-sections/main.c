// A label in a section without bytes has an address in the program, and the same for everybody.
//#kinds: static static-pie pie no-pie shared
//#object: labels.S
//#check: readelf -sW $OUT !~ OBJECT +(LOCAL|GLOBAL) +(HIDDEN|DEFAULT) +UND (first|second|__TMC)
//#exit: 0
extern char first[], second[], main_data[];
char *volatile pointers[] = {first, second};
int main(void) {
  char *volatile a = first, *volatile b = second;
  if (a != b || pointers[0] != a || pointers[1] != b) return 1;
  long distance = a - main_data;
  return distance < -0x100000 || distance > 0x100000;
}
