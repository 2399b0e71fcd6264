// Exceptions cross threads, each thread counts in its own thread-local, and the streams work.
#include <atomic>
#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

static thread_local int mine = 0;
static std::atomic<int> total{0};

static int work(int number) {
  for (int i = 0; i <= number; i++) mine++;
  total += mine;
  if (number == 3) throw std::runtime_error("thread " + std::to_string(number) + " gave up");
  return mine;
}

int main() {
  std::vector<std::future<int>> results;
  for (int i = 0; i < 5; i++) results.push_back(std::async(std::launch::async, work, i));
  std::string caught;
  int sum = 0;
  for (auto &result : results) {
    try {
      sum += result.get();
    } catch (const std::exception &error) {
      caught = error.what();
    }
  }
  std::cout << "hello from C++: sum " << sum << ", total " << total << ", caught: " << caught
            << std::endl;
  return mine;
}
