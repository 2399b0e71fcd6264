#include <typeinfo>
__attribute__((noinline)) inline int counter() {
  static int count = 0;
  return ++count;
}
template <class T> struct Holder {
  static int value;
  virtual ~Holder() {}
};
template <class T> int Holder<T>::value = sizeof(T);
