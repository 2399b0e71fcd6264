"""Writes a C++ program whose debug build has more than 100 MB of DWARF.

Every unit defines types of its own and runs the standard library's and Boost's heavier templates
over them, as large programs do: the templates instantiate anew in each unit, so the DWARF, the
comdat groups, the long symbol names and the relocations are what a compiler makes of such code. The
shape differs from unit to unit by the unit's number alone, so the sources are always the same.
"""

import os

UNITS = 100

HEADERS = """\
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <ranges>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/algorithm/string.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>
"""

BODY = """
namespace unit_@ {

struct Key {
  int id;
  std::string name;
  auto operator<=>(const Key &) const = default;
};
struct Small { int count; @MEMBERS };
struct Large { std::string text; std::vector<Key> keys; };
using Value = std::variant<int, double, std::string, Small, Large, std::vector<Key>>;

namespace mi = boost::multi_index;
using Index = mi::multi_index_container<
    Key, mi::indexed_by<mi::ordered_unique<mi::member<Key, int, &Key::id>>,
                        mi::hashed_non_unique<mi::member<Key, std::string, &Key::name>>>>;

unsigned run() {
  Index index;
  std::unordered_map<std::string, Value> table;
  std::map<Key, std::set<std::string>> sets;
  for (int i = 0; i < 20; i++) {
    Key key{i * 7, "k" + std::to_string(i)};
    index.insert(key);
    table[key.name] = i % 3 == 0 ? Value(Small{i}) : i % 3 == 1 ? Value(key.name) : Value(i * 0.5);
    sets[key].insert(key.name);
  }
  std::regex pattern("k([0-9]*)7");
  unsigned sum = @;
  for (const auto &[name, value] : table) {
    sum += std::regex_match(name, pattern);
    sum += std::visit([](const auto &one) -> unsigned { return sizeof(one) % 2 == 0; }, value);
  }
  auto squares = std::views::iota(0, 10) | std::views::filter([](int i) { return i % 2 == 0; }) |
                 std::views::transform([](int i) { return i * i; });
  for (int square : squares) sum += square;
  std::vector<std::string> parts;
  boost::split(parts, std::string("a,b,c"), boost::is_any_of(","));
  std::vector<Key> keys(index.begin(), index.end());
  std::ranges::sort(keys, {}, &Key::name);
  std::stable_sort(keys.begin(), keys.end());
  std::ostringstream stream;
  stream << keys.size() << ' ' << parts.size();
  std::function<unsigned(std::optional<unsigned>)> add = [&](std::optional<unsigned> more) {
    return sum + more.value_or(0) + unsigned(stream.str().size());
  };
  return add(unsigned(sets.size()));
}

}  // namespace unit_@
"""


def unit(number):
    members = " ".join(f"std::tuple<int, std::array<char, {number + 1}>> field_{n};" for n in range(number % 5))
    return HEADERS + BODY.replace("@MEMBERS", members).replace("@", str(number))


def main_unit():
    lines = ["#include <iostream>", ""]
    lines += [f"namespace unit_{number} {{ unsigned run(); }}" for number in range(UNITS)]
    lines += ["", "int main() {", "  unsigned sum = 0;"]
    lines += [f"  sum += unit_{number}::run();" for number in range(UNITS)]
    lines += [f'  std::cout << "{UNITS} units: " << sum << "\\n";', "}"]
    return "\n".join(lines) + "\n"


def write_sources(directory):
    """Writes the sources that are not there yet and returns their paths."""
    paths = []
    for name, text in [("main", main_unit())] + [
            (f"unit_{number}", unit(number)) for number in range(UNITS)]:
        path = os.path.join(directory, f"{name}.cpp")
        paths.append(path)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                if file.read() == text:
                    continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return paths
