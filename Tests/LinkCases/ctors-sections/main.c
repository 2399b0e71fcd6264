// Old-style .ctors.N sections take part in the same order; N counts backwards, entries too.
//#kinds: static pie
//#object: old.S
//#without: mold keeps .ctors apart
//#without: lld leaves .ctors to a runtime that no longer looks at it
//#stdout: c101 old200 c300 old_b old_a
#include <stdio.h>
#include <string.h>
char text[100];
void add(const char *word) { strcat(text, *text ? " " : ""), strcat(text, word); }
void old200(void) { add("old200"); }
void old_a(void) { add("old_a"); }
void old_b(void) { add("old_b"); }
__attribute__((constructor(101))) static void c101(void) { add("c101"); }
__attribute__((constructor(300))) static void c300(void) { add("c300"); }
int main(void) { puts(text); }
