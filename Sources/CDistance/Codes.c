#include "CDistance.h"

#include <math.h>
#include <string.h>

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

uint64_t c_at_least(const float *values, float least) {
    uint64_t bits = 0;
    for (int group = 0; group < 64; group += 8) {
        uint64_t eight = 0;
        for (int index = 0; index < 8; index++) eight |= (uint64_t)(values[group + index] >= least) << index;
        bits |= eight << group;
    }
    return bits;
}
