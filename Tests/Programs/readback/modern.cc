// C++ with exceptions, threads, thread-locals that have constructors, templates that many objects
// could define, virtual functions and streams.
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};

struct Square : Shape {
  double side;
  explicit Square(double side) : side(side) {
    if (side < 0) throw std::invalid_argument("a side below zero");
  }
  double area() const override { return side * side; }
};

thread_local std::string name = "nobody";
std::map<std::string, double> areas;
std::mutex lock;
std::once_flag once;

void measure(int number) {
  name = "thread " + std::to_string(number);
  std::call_once(once, [] { areas["once"] = 1; });
  try {
    Square square(number - 2);
    std::lock_guard guard(lock);
    areas[name] = square.area();
  } catch (const std::exception &error) {
    std::lock_guard guard(lock);
    areas[name + ": " + error.what()] = -1;
  }
}

}  // namespace

inline int &counter() {
  static int value = 0;
  return value;
}

int main() {
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; number++) threads.emplace_back(measure, ++counter());
  for (auto &thread : threads) thread.join();
  for (auto &[key, area] : areas) std::cout << key << " " << area << "\n";
  return dynamic_cast<Shape *>(static_cast<Shape *>(nullptr)) != nullptr;
}
