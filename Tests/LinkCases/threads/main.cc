// std::thread with thread-local objects that have constructors and destructors.
//#kinds: static static-pie pie no-pie shared
//#compile: -pthread
//#link: -pthread
//#stdout: 4 made, 4 destroyed, sum 10
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

static std::atomic<int> made, destroyed, sum;

struct Counted {
  Counted() { ++made; }
  ~Counted() { ++destroyed; }
  int value = 0;
};
static thread_local Counted counted;

extern "C" int main() {
  std::vector<std::thread> threads;
  for (int i = 1; i <= 4; i++)
    threads.emplace_back([i] {
      counted.value += i;
      sum += counted.value;
    });
  for (auto &thread : threads) thread.join();
  printf("%d made, %d destroyed, sum %d\n", made.load(), destroyed.load(), sum.load());
}
