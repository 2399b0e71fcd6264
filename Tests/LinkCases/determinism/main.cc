// The same inputs make the same bytes, whatever the number of threads.
//#kinds: static pie shared
//#without: bfd has no option for threads
//#compile: -g -ffunction-sections
//#object: ../iostream/main.cc -Dmain=other_main -> other.o
//#link: -Wl,--gc-sections -Wl,--build-id=sha1
//#check: for n in 1 2 8; do $RELINK -Wl,${THREADS:-$([ $FLAVOUR = mold ] && echo --thread-count || echo --threads)}=$n -o out$n; cmp out$n $OUT || exit 1; done
//#stdout: abc
#include <iostream>
#include <map>
#include <string>
extern "C" int main() {
  std::map<std::string, int> words{{"b", 2}, {"a", 1}, {"c", 3}};
  for (auto &entry : words) std::cout << entry.first;
  std::cout << std::endl;
}
