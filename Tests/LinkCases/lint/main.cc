// readelf and eu-elflint have nothing to say that they do not say about lld's output.
//#needs: eu-elflint ld.lld
//#without: mold elflint finds more in its outputs
//#kinds: static static-pie pie no-pie shared
//#drivers: gcc
//#without: bfd+static-pie its .rela.plt has relocations that elflint does not expect
//#without: lld is what the others are compared with
//#compile: -g
//#object: ../iostream/main.cc -Dmain=other_main -> other.o
//#link: -Wl,--gc-sections -Wl,--build-id=sha1
//#check: sh $SRC/compare.sh
//#stdout: caught
#include <cstdio>
#include <stdexcept>
thread_local int variable = 3;
extern "C" int main() {
  try {
    if (variable == 3) throw std::runtime_error("caught");
  } catch (const std::exception &error) {
    puts(error.what());
  }
}
