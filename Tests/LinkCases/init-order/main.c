// Constructors by priority across objects, then in link order; destructors the other way round.
//#kinds: static static-pie pie no-pie shared
//#object: first.c
//#object: second.c
//#stdout: 101 65535 main first second
//#stdout: destructors: second first main 200
#include <stdio.h>
#include <string.h>
char text[200];
void add(const char *word) { strcat(text, *text ? " " : ""), strcat(text, word); }
static void last(void) __attribute__((destructor(101)));
static void last(void) { puts(text), fflush(stdout); }
static void on_start(void) __attribute__((constructor));
static void on_start(void) { add("main"); }
static void on_end(void) __attribute__((destructor));
static void on_end(void) { add("main"); }
static void early(void) __attribute__((destructor(200)));
static void early(void) { add("200"); }
int main(void) {
  puts(text), fflush(stdout);
  strcpy(text, "destructors:");
}
