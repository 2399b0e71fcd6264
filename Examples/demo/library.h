#include <exception>

struct Refusal : std::exception {
  int value;
  explicit Refusal(int value);
  ~Refusal() override;
  const char *what() const noexcept override;
};

extern thread_local int calls;
int halve(int number);
