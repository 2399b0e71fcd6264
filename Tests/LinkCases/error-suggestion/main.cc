// A near miss is suggested, on demangled names.
//#each: MISS = typo parameter language
//#without: bfd suggests nothing
//#without: mold suggests nothing
//#without: lld+parameter not in every version
//#without: lld+typo compares mangled names only
//#compile: -DMISS_$MISS
//#object: other.cc
//#expect-error[typo]: space::compute(int)
//#expect-error[parameter]: space::compute(int)
//#expect-error[language]: plain_function
//#expect-error~: [Dd]id you mean|extern "C"
namespace space {
int compute(int);
int computes(int);
int compute(long, long);
}
int plain_function(int);
int main() {
#if defined(MISS_typo)
  return space::computes(1);
#elif defined(MISS_parameter)
  return space::compute(1, 2);
#else
  return plain_function(1);
#endif
}
