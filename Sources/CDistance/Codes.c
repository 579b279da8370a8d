#include "CDistance.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

/// The magnitudes for which a scale, its square and all products with it are ordinary numbers.
#define LEAST_VALUE 0x1p-80
#define LARGEST_VALUE 0x1p80

/// Adding and subtracting this rounds a double to an integer, half to even, on every processor.
#define ROUNDER 0x1.8p52

double c_code_values(const double *values, size_t count, size_t stride, int8_t *codes, float *scale) {
    memset(codes, 0, stride);
    double largest = 0;
    for (size_t place = 0; place < count; place++) {
        double size = fabs(values[place]);
        largest = size > largest ? size : largest;
    }
    *scale = 0;
    if (!(largest <= LARGEST_VALUE) || (largest > 0 && largest < LEAST_VALUE)) return INFINITY;
    if (largest == 0) return 0;
    *scale = (float)(largest / 127);
    double step = *scale, inverse = 1 / step, sum = 0;
    for (size_t place = 0; place < count; place++) {
        double rounded = (values[place] * inverse + ROUNDER) - ROUNDER;
        rounded = rounded > 127 ? 127 : rounded < -127 ? -127 : rounded;
        codes[place] = (int8_t)rounded;
        double difference = values[place] - step * rounded;
        sum += difference * difference;
    }
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t at_least_avx2(const float *values, float least) {
    __m256 wide = _mm256_set1_ps(least);
    uint64_t bits = 0;
    for (int group = 0; group < 64; group += 8) {
        __m256 found = _mm256_cmp_ps(_mm256_loadu_ps(values + group), wide, _CMP_GE_OQ);
        bits |= (uint64_t)(unsigned)_mm256_movemask_ps(found) << group;
    }
    return bits;
}
#endif

uint64_t c_at_least(const float *values, float least) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return at_least_avx2(values, least);
#endif
    uint64_t bits = 0;
    for (int index = 0; index < 64; index++) bits |= (uint64_t)(values[index] >= least) << index;
    return bits;
}
