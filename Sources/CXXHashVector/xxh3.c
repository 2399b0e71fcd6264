// libxxhash is compiled for processors of 2003, of which its packages make no secret: no AVX2. Its
// header has the whole implementation, so it is compiled once more for newer ones and chosen at run
// time. In a link that hashes its output this is half of the hashing.
#include "CXXHashVector.h"

#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define XXH_VECTOR XXH_AVX2
#define XXH_INLINE_ALL
#include <xxhash.h>

static weld_hash128 hash_avx2(const void *bytes, size_t count) {
  XXH128_hash_t hash = XXH3_128bits(bytes, count);
  return (weld_hash128){hash.low64, hash.high64};
}
#pragma clang attribute pop

weld_hash128 weld_xxh3_plain(const void *bytes, size_t count);

weld_hash128 weld_xxh3_128(const void *bytes, size_t count) {
  if (__builtin_cpu_supports("avx2")) return hash_avx2(bytes, count);
  return weld_xxh3_plain(bytes, count);
}
#endif
