#include "CXXHashVector.h"

#include <xxhash.h>

#if defined(__x86_64__) && defined(__clang__)
weld_hash128 weld_xxh3_plain(const void *bytes, size_t count);
weld_hash128 weld_xxh3_plain(const void *bytes, size_t count) {
#else
weld_hash128 weld_xxh3_128(const void *bytes, size_t count) {
#endif
  XXH128_hash_t hash = XXH3_128bits(bytes, count);
  return (weld_hash128){hash.low64, hash.high64};
}
