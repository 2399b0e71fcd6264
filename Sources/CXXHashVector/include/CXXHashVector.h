// XXH3 as the processor at hand computes it quickest. The results are those of libxxhash.
#ifndef WELD_CXXHASH_VECTOR_H
#define WELD_CXXHASH_VECTOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint64_t low;
  uint64_t high;
} weld_hash128;

/// XXH3_128bits of the bytes.
weld_hash128 weld_xxh3_128(const void *bytes, size_t count);

#endif
