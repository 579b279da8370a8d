#include <string.h>

#include "Codes.h"

#define LANES 4
#define FACTOR 0x9E3779B97F4A7C15ull

static inline uint64_t mixed(uint64_t value) {
    value = (value ^ (value >> 32)) * FACTOR;
    return value ^ (value >> 29);
}

uint64_t c_fingerprint(const void *bytes, size_t count, uint64_t seed) {
    const unsigned char *next = bytes;
    uint64_t lanes[LANES] = {seed, seed ^ 1, seed ^ 2, seed ^ 3};
    size_t rest = count;
    for (; rest >= 8 * LANES; rest -= 8 * LANES, next += 8 * LANES) {
        uint64_t words[LANES];
        memcpy(words, next, sizeof words);
        for (int lane = 0; lane < LANES; lane++) {
            uint64_t value = (lanes[lane] ^ words[lane]) * FACTOR;
            lanes[lane] = (value << 31) | (value >> 33);
        }
    }
    uint64_t sum = mixed(seed + count);
    for (int lane = 0; lane < LANES; lane++) sum = mixed(sum ^ lanes[lane]);
    for (; rest > 0; rest--, next++) sum = (sum ^ *next) * FACTOR;
    return mixed(sum);
}
