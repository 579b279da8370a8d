#include "CDistance.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

typedef double eight_doubles __attribute__((vector_size(64), aligned(8)));
typedef float eight_floats __attribute__((vector_size(32), aligned(4)));

static inline __attribute__((always_inline)) void compute(const double *query, const float *rows, size_t count,
                                                          size_t dimensions, double *distances) {
    for (size_t index = 0; index < count; index++) {
        const float *row = rows + index * dimensions;
        eight_doubles low = {0}, high = {0};
        size_t place = 0;
        for (; place + 16 <= dimensions; place += 16) {
            eight_doubles first = *(const eight_doubles *)(query + place) -
                                  __builtin_convertvector(*(const eight_floats *)(row + place), eight_doubles);
            eight_doubles second = *(const eight_doubles *)(query + place + 8) -
                                   __builtin_convertvector(*(const eight_floats *)(row + place + 8), eight_doubles);
            low += first * first;
            high += second * second;
        }
        eight_doubles both = low + high;
        double sum = ((both[0] + both[4]) + (both[2] + both[6])) + ((both[1] + both[5]) + (both[3] + both[7]));
        for (; place < dimensions; place++) {
            double difference = query[place] - (double)row[place];
            sum += difference * difference;
        }
        distances[index] = sum;
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void compute_avx2(const double *query, const float *rows, size_t count,
                                                         size_t dimensions, double *distances) {
    compute(query, rows, count, dimensions, distances);
}
#endif

void c_squared_distances(const double *query, const float *rows, size_t count, size_t dimensions, double *distances) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        compute_avx2(query, rows, count, dimensions, distances);
        return;
    }
#endif
    compute(query, rows, count, dimensions, distances);
}

void c_listed_squared_distances(const double *query, const float *rows, const uint32_t *list, size_t count,
                                size_t dimensions, double *distances) {
    for (size_t index = 0; index < count; index++) {
        if (index + 1 < count) {
            const float *next = rows + list[index + 1] * dimensions;
            for (size_t place = 0; place < dimensions; place += 16) __builtin_prefetch(next + place);
        }
        c_squared_distances(query, rows + list[index] * dimensions, 1, dimensions, distances + index);
    }
}

void c_normalize(const float *row, const double *mean, size_t dimensions, float *normalized) {
    double length;
    c_squared_distances(mean, row, 1, dimensions, &length);
    length = sqrt(length);
    for (size_t place = 0; place < dimensions; place++)
        normalized[place] = length > 0 ? (float)(((double)row[place] - mean[place]) / length) : 0;
}
