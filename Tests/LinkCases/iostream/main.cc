// iostreams: static initialisers, copy relocations of cout, virtual bases, locale facets.
//#kinds: static static-pie pie no-pie shared
//#stdout: 3.14 0x2a word
//#stdout: sorted: a b c
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

extern "C" int main() {
  std::cout << std::setprecision(3) << 3.14159 << " 0x" << std::hex << 42 << " word" << std::endl;
  std::istringstream input("c a b");
  std::vector<std::string> words;
  for (std::string word; input >> word;) words.push_back(word);
  std::sort(words.begin(), words.end());
  std::cout << "sorted:";
  for (auto &word : words) std::cout << ' ' << word;
  std::cout << '\n';
}
