#include "CDistance.h"

#include <math.h>

#pragma STDC FP_CONTRACT ON

#define ALWAYS static inline __attribute__((always_inline))

typedef double four_doubles __attribute__((vector_size(32), aligned(8)));
typedef float four_floats __attribute__((vector_size(16), aligned(4)));

/// Rows and directions of a tile, whose sums stay in registers.
#define TALL 4
#define WIDE 2

/// The sum of four lanes.
#define TOTAL(sums) (((sums)[0] + (sums)[1]) + ((sums)[2] + (sums)[3]))

ALWAYS void project(const float *rows, size_t count, size_t dimensions, const double *directions,
                    size_t direction_count, double *products) {
    for (size_t first = 0; first < count; first += TALL)
        for (size_t direction = 0; direction < direction_count; direction += WIDE) {
            const float *row[TALL];
            const double *other[WIDE];
            // Rows and directions past the end are the last one again; their sums are not written.
            for (size_t index = 0; index < TALL; index++)
                row[index] = rows + (first + index < count ? first + index : count - 1) * dimensions;
            for (size_t index = 0; index < WIDE; index++)
                other[index] = directions + (direction + index < direction_count ? direction + index
                                                                                : direction_count - 1) * dimensions;
            four_doubles sums[TALL][WIDE] = {0};
            size_t place = 0;
            for (; place + 4 <= dimensions; place += 4) {
                four_doubles right[WIDE];
#pragma clang loop unroll(full)
                for (int column = 0; column < WIDE; column++) right[column] = *(const four_doubles *)(other[column] + place);
#pragma clang loop unroll(full)
                for (int index = 0; index < TALL; index++) {
                    four_doubles left = __builtin_convertvector(*(const four_floats *)(row[index] + place), four_doubles);
#pragma clang loop unroll(full)
                    for (int column = 0; column < WIDE; column++) sums[index][column] += left * right[column];
                }
            }
            for (size_t index = 0; index < TALL && first + index < count; index++)
                for (size_t column = 0; column < WIDE && direction + column < direction_count; column++) {
                    double sum = TOTAL(sums[index][column]);
                    for (size_t rest = place; rest < dimensions; rest++) sum += row[index][rest] * other[column][rest];
                    products[(first + index) * direction_count + direction + column] = sum;
                }
        }
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void project_avx2(const float *rows, size_t count, size_t dimensions,
                                                             const double *directions, size_t direction_count,
                                                             double *products) {
    project(rows, count, dimensions, directions, direction_count, products);
}
#endif

void c_project(const float *rows, size_t count, size_t dimensions, const double *directions, size_t direction_count,
               double *products) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        project_avx2(rows, count, dimensions, directions, direction_count, products);
        return;
    }
#endif
    project(rows, count, dimensions, directions, direction_count, products);
}

static double product(const double *left, const double *right, size_t dimensions) {
    four_doubles sums = {0};
    size_t place = 0;
    for (; place + 4 <= dimensions; place += 4)
        sums += *(const four_doubles *)(left + place) * *(const four_doubles *)(right + place);
    double sum = TOTAL(sums);
    for (; place < dimensions; place++) sum += left[place] * right[place];
    return sum;
}

double c_orthonormalize(double *row, const double *directions, size_t count, size_t dimensions) {
    // Twice: what rounding leaves of a direction in the first pass is gone after the second.
    for (int pass = 0; pass < 2; pass++)
        for (size_t index = 0; index < count; index++) {
            const double *direction = directions + index * dimensions;
            double part = product(row, direction, dimensions);
            for (size_t place = 0; place < dimensions; place++) row[place] -= part * direction[place];
        }
    double length = sqrt(product(row, row, dimensions));
    if (length > 0)
        for (size_t place = 0; place < dimensions; place++) row[place] /= length;
    return length;
}
