#include "CDistance.h"

#include <float.h>
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

#define ALWAYS static inline __attribute__((always_inline))
#define JOINED(name, part) name##_##part
#define NAMED(name, part) JOINED(name, part)

/// The rows of a block.
#define BLOCK 64
/// How many rows before their turn listed rows are fetched into the cache.
#define NEXT 16
/// How many bytes before their turn codes are fetched into the cache.
#define AHEAD 4096

ALWAYS size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// The bounds from the sums of products, without and with cameras.
ALWAYS void fill_bounds(const c_coded_rows *rows, const c_coded_query *query, const c_row_cameras *cameras,
                        size_t first, const uint32_t *list, const int32_t *products, size_t count, float *bounds) {
    float scale = query->scale, error = query->error_factor, tail = query->tail_factor, length = query->length_factor;
#define BOUND(row)                                                                                      \
    (rows->scales[row] * scale * (float)products[index] + rows->errors[row] * error + rows->tails[row] * tail + \
     rows->squared_lengths[row] * length)
#define SOUND(bound) ((bound) >= -FLT_MAX ? (bound) : INFINITY)
    if (!list && !cameras->slots) {
        for (size_t index = 0; index < count; index++) {
            float bound = BOUND(first + index);
            bounds[index] = SOUND(bound);
        }
        return;
    }
    for (size_t index = 0; index < count; index++) {
        size_t row = list ? list[index] : first + index;
        float bound = BOUND(row);
        if (cameras->slots)
            bound = (bound + cameras->constants[cameras->slots[row]]) * cameras->inverse_lengths[row];
        bounds[index] = SOUND(bound);
    }
}

/// Fetches what a bound reads of a row.
ALWAYS void fetch(const c_coded_rows *rows, size_t row) {
    for (size_t byte = 0; byte < rows->stride; byte += 64) __builtin_prefetch(rows->codes + row * rows->stride + byte);
    __builtin_prefetch(rows->scales + row);
    __builtin_prefetch(rows->errors + row);
    __builtin_prefetch(rows->tails + row);
    __builtin_prefetch(rows->squared_lengths + row);
}

/// The largest of a block's bounds, none of which is NaN.
ALWAYS float largest(const float *bounds) {
    float most[16];
    memcpy(most, bounds, sizeof most);
    for (int place = 16; place < BLOCK; place += 16)
        for (int lane = 0; lane < 16; lane++)
            most[lane] = bounds[place + lane] > most[lane] ? bounds[place + lane] : most[lane];
    for (int half = 8; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++)
            most[lane] = most[lane + half] > most[lane] ? most[lane + half] : most[lane];
    return most[0];
}

ALWAYS void plain_eight(const int8_t *const *rows, size_t stride, const int16_t *query, int32_t *sums) {
    for (int row = 0; row < 8; row++) {
        int32_t sum = 0;
        for (size_t place = 0; place < stride; place++) sum += (int32_t)rows[row][place] * query[place];
        sums[row] = sum;
    }
}

ALWAYS void plain_tile(const int8_t *low, const int8_t *high, size_t stride, const int16_t *const *queries,
                       int32_t *sums) {
    for (int query = 0; query < 4; query++) {
        int32_t first = 0, second = 0;
        for (size_t place = 0; place < stride; place++) {
            first += (int32_t)low[place] * queries[query][place];
            second += (int32_t)high[place] * queries[query][place];
        }
        sums[2 * query] = first;
        sums[2 * query + 1] = second;
    }
}

#if defined(__x86_64__)
/// Writes the sums of the eight lanes of eight vectors.
__attribute__((target("avx2"))) ALWAYS void add_lanes(const __m256i *lanes, int32_t *sums) {
    __m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(lanes[0], lanes[1]), _mm256_hadd_epi32(lanes[2], lanes[3]));
    __m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(lanes[4], lanes[5]), _mm256_hadd_epi32(lanes[6], lanes[7]));
    __m256i halves = _mm256_permute2x128_si256(low, high, 0x20), others = _mm256_permute2x128_si256(low, high, 0x31);
    _mm256_storeu_si256((__m256i *)sums, _mm256_add_epi32(halves, others));
}

__attribute__((target("avx2"))) ALWAYS void avx2_eight(const int8_t *const *rows, size_t stride, const int16_t *query,
                                                       int32_t *sums) {
    __m256i lanes[8];
#pragma clang loop unroll(full)
    for (int row = 0; row < 8; row++) lanes[row] = _mm256_setzero_si256();
    for (size_t place = 0; place < stride; place += 16) {
        __m256i values = _mm256_loadu_si256((const __m256i *)(query + place));
#pragma clang loop unroll(full)
        for (int row = 0; row < 8; row++) {
            __m256i codes = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(rows[row] + place)));
            lanes[row] = _mm256_add_epi32(lanes[row], _mm256_madd_epi16(codes, values));
        }
    }
    add_lanes(lanes, sums);
}

__attribute__((target("avx2"))) ALWAYS void avx2_tile(const int8_t *low, const int8_t *high, size_t stride,
                                                      const int16_t *const *queries, int32_t *sums) {
    __m256i lanes[8];
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 8; lane++) lanes[lane] = _mm256_setzero_si256();
    for (size_t place = 0; place < stride; place += 16) {
        __m256i first = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(low + place)));
        __m256i second = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(high + place)));
#pragma clang loop unroll(full)
        for (int query = 0; query < 4; query++) {
            __m256i values = _mm256_loadu_si256((const __m256i *)(queries[query] + place));
            lanes[2 * query] = _mm256_add_epi32(lanes[2 * query], _mm256_madd_epi16(first, values));
            lanes[2 * query + 1] = _mm256_add_epi32(lanes[2 * query + 1], _mm256_madd_epi16(second, values));
        }
    }
    add_lanes(lanes, sums);
}

#define VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vnni")))

/// Writes the sums of the sixteen lanes of eight vectors.
VNNI ALWAYS void add_wide_lanes(const __m512i *wide, int32_t *sums) {
    __m256i lanes[8];
#pragma clang loop unroll(full)
    for (int row = 0; row < 8; row++)
        lanes[row] = _mm256_add_epi32(_mm512_castsi512_si256(wide[row]), _mm512_extracti64x4_epi64(wide[row], 1));
    add_lanes(lanes, sums);
}

VNNI ALWAYS void avx512_eight(const int8_t *const *rows, size_t stride, const int16_t *query, int32_t *sums) {
    __m512i wide[8];
#pragma clang loop unroll(full)
    for (int row = 0; row < 8; row++) wide[row] = _mm512_setzero_si512();
    for (size_t place = 0; place < stride; place += 32) {
        __m512i values = _mm512_loadu_si512(query + place);
#pragma clang loop unroll(full)
        for (int row = 0; row < 8; row++) {
            __m512i codes = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(rows[row] + place)));
            wide[row] = _mm512_dpwssd_epi32(wide[row], codes, values);
        }
    }
    add_wide_lanes(wide, sums);
}

VNNI ALWAYS void avx512_tile(const int8_t *low, const int8_t *high, size_t stride, const int16_t *const *queries,
                             int32_t *sums) {
    __m512i wide[8];
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 8; lane++) wide[lane] = _mm512_setzero_si512();
    for (size_t place = 0; place < stride; place += 32) {
        __m512i first = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(low + place)));
        __m512i second = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(high + place)));
#pragma clang loop unroll(full)
        for (int query = 0; query < 4; query++) {
            __m512i values = _mm512_loadu_si512(queries[query] + place);
            wide[2 * query] = _mm512_dpwssd_epi32(wide[2 * query], first, values);
            wide[2 * query + 1] = _mm512_dpwssd_epi32(wide[2 * query + 1], second, values);
        }
    }
    add_wide_lanes(wide, sums);
}
#endif

#define KERNEL plain
#define TARGET
#include "CodeKernel.h"

#if defined(__x86_64__)
#define KERNEL avx2
#define TARGET __attribute__((target("avx2")))
#include "CodeKernel.h"

#define KERNEL avx512
#define TARGET VNNI
#include "CodeKernel.h"
#endif

bool c_code_kernel_runs(c_kernel kernel) {
#if defined(__x86_64__)
    if (kernel == c_kernel_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vnni");
    if (kernel == c_kernel_avx2) return __builtin_cpu_supports("avx2");
#endif
    return kernel == c_kernel_plain;
}

#if defined(__x86_64__)
#define CHOSEN(function, ...)                                                           \
    (kernel == c_kernel_avx512 ? avx512_##function(__VA_ARGS__)                         \
                               : kernel == c_kernel_avx2 ? avx2_##function(__VA_ARGS__) \
                                                         : plain_##function(__VA_ARGS__))
#else
#define CHOSEN(function, ...) plain_##function(__VA_ARGS__)
#endif

void c_code_products(c_kernel kernel, c_coded_rows rows, const int16_t *query, size_t first, const uint32_t *list,
                     size_t count, int32_t *products) {
    CHOSEN(products, &rows, query, first, list, count, count, products);
}

void c_listed_bounds(c_kernel kernel, c_coded_rows rows, c_coded_query query, c_row_cameras cameras,
                     const uint32_t *list, size_t count, float *bounds) {
    CHOSEN(listed, &rows, &query, &cameras, list, count, count, bounds);
}

void c_block_bounds(c_kernel kernel, c_coded_rows rows, const c_block_query *queries, size_t query_count, size_t first,
                    uint64_t allowed, size_t block) {
    CHOSEN(block, &rows, queries, query_count, first, allowed, block);
}

void c_listed_block_bounds(c_kernel kernel, c_coded_rows rows, const c_block_query *queries, size_t query_count,
                           const uint32_t *list, size_t count, size_t known, size_t block) {
    CHOSEN(listed_block, &rows, queries, query_count, list, count, known, block);
}
