// A program that debuggers, profilers and memory checkers have something to say about.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int words_count(const char *text);

static thread_local int local_counter = 3;
int global_counter = 4;

struct Box {
  int width;
  std::vector<std::string> names;
};

// Takes most of the time: what a profiler shows.
__attribute__((noinline)) long busy(long rounds) {
  volatile long sum = 0;
  for (long i = 0; i < rounds; i++) sum += i % 7;
  return sum;
}

// Where a debugger stops.
__attribute__((noinline)) int stop_here(Box &box) {
  box.width += local_counter + global_counter;
  return box.width;
}

__attribute__((noinline)) static int throwing(int value) {
  if (value > 2) throw std::runtime_error("too many");
  return value;
}

// What a memory checker finds: a read behind the end of a block, and a block that is lost.
__attribute__((noinline)) static int careless(int count) {
  char *block = static_cast<char *>(std::malloc(count));
  std::memset(block, 1, count);
  volatile char *behind = block;
  return behind[count];
}

int main(int argc, char **argv) {
  Box box{10, {"one", "two"}};
  local_counter += argc - 1;
  int width = stop_here(box);
  std::string caught;
  try {
    throwing(argc + 2);
  } catch (const std::runtime_error &error) {
    caught = error.what();
  }
  long rounds = argc > 1 ? std::atol(argv[1]) : 10;
  if (argc > 2) careless(argc);
  std::printf("%d %s %d %d\n", width, caught.c_str(), words_count("a few words"), busy(rounds) > 0);
}
