#include "CDistance.h"

#include <string.h>

#pragma STDC FP_CONTRACT ON

// A tile of products stays in registers: a few rows of `left` by two vectors of rows of `right`. The right rows are
// transposed into a panel first, so that one value of each lies side by side; the panel stays in the first-level cache
// while all left rows pass by.

/// The values of each row that one panel holds; longer rows are added up panel by panel.
#define PANEL_DEPTH 256

typedef float four_floats __attribute__((vector_size(16), aligned(4)));

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Copies `depth` values of four rows into four neighboring columns of a panel that is `width` columns wide.
ALWAYS void transpose_four(const float *rows, size_t dimensions, size_t depth, size_t width, float *panel) {
    const float *a = rows, *b = a + dimensions, *c = b + dimensions, *d = c + dimensions;
    size_t place = 0;
    for (; place + 4 <= depth; place += 4) {
        four_floats w = *(const four_floats *)(a + place), x = *(const four_floats *)(b + place);
        four_floats y = *(const four_floats *)(c + place), z = *(const four_floats *)(d + place);
        four_floats low = __builtin_shufflevector(w, x, 0, 4, 1, 5), high = __builtin_shufflevector(w, x, 2, 6, 3, 7);
        four_floats last = __builtin_shufflevector(y, z, 0, 4, 1, 5), top = __builtin_shufflevector(y, z, 2, 6, 3, 7);
        float *out = panel + place * width;
        *(four_floats *)(out) = __builtin_shufflevector(low, last, 0, 1, 4, 5);
        *(four_floats *)(out + width) = __builtin_shufflevector(low, last, 2, 3, 6, 7);
        *(four_floats *)(out + 2 * width) = __builtin_shufflevector(high, top, 0, 1, 4, 5);
        *(four_floats *)(out + 3 * width) = __builtin_shufflevector(high, top, 2, 3, 6, 7);
    }
    for (; place < depth; place++) {
        float *out = panel + place * width;
        out[0] = a[place], out[1] = b[place], out[2] = c[place], out[3] = d[place];
    }
}

/// Fills a panel [depth, width] with the transposed beginnings of `count` rows; missing rows become zeros.
ALWAYS void fill_panel(const float *rows, size_t count, size_t dimensions, size_t depth, size_t width, float *panel) {
    if (count < width) memset(panel, 0, depth * width * sizeof(float));
    size_t row = 0;
    for (; row + 4 <= count; row += 4) transpose_four(rows + row * dimensions, dimensions, depth, width, panel + row);
    for (; row < count; row++)
        for (size_t place = 0; place < depth; place++) panel[place * width + row] = rows[row * dimensions + place];
}

#define JOINED(name, part) name##_##part
#define NAMED(name, part) JOINED(name, part)

#define KERNEL plain
#define LANES 4
#define TALL 4
#define TARGET
#include "InnerProductKernel.h"

#if defined(__x86_64__)
#define KERNEL avx2
#define LANES 8
#define TALL 6
#define TARGET __attribute__((target("avx2,fma")))
#include "InnerProductKernel.h"

#define KERNEL avx512
#define LANES 16
#define TALL 12
#define TARGET __attribute__((target("avx512f")))
#include "InnerProductKernel.h"
#endif

bool c_kernel_runs(c_kernel kernel) {
#if defined(__x86_64__)
    if (kernel == c_kernel_avx512) return __builtin_cpu_supports("avx512f");
    if (kernel == c_kernel_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return kernel == c_kernel_plain;
}

void c_inner_products(c_kernel kernel, const float *left, size_t left_count, const float *right, size_t right_count,
                      size_t dimensions, float *products) {
    if (dimensions == 0) memset(products, 0, left_count * right_count * sizeof(float));
#if defined(__x86_64__)
    if (kernel == c_kernel_avx512)
        return avx512_products(left, left_count, right, right_count, dimensions, products);
    if (kernel == c_kernel_avx2) return avx2_products(left, left_count, right, right_count, dimensions, products);
#endif
    plain_products(left, left_count, right, right_count, dimensions, products);
}
