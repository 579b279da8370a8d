#ifndef CODES_H
#define CODES_H

#include "Kernels.h"

#include <stddef.h>
#include <stdint.h>

// Rows as 8-bit codes: integers c and a scale s, so that s·c is near the row. What is computed from codes is proven in
// Ranking/Index/CodedQuery.swift.

/// Coded rows: each array but `codes` has one float for each row.
typedef struct {
    const int8_t *codes;  ///< [rows, stride]
    size_t stride;        ///< the values of a code, a multiple of 32; those past the row's own are 0
    const float *scales;
    const float *errors;           ///< the length of the difference between row and code, or more
    const float *tails;            ///< the length of the part of the row that has no code, or more
    const float *squared_lengths;  ///< of the whole row
} c_coded_rows;

/// A query as 16-bit integers and a scale, and the factors of a bound.
typedef struct {
    const int16_t *values;  ///< as many as the stride of the rows; no sum of products with 8-bit codes leaves int32
    float scale, error_factor, tail_factor, length_factor;
} c_coded_query;

/// The cameras of rows, for a search among normalized rows; `slots` is NULL for a search among the rows as they are.
typedef struct {
    const int32_t *slots;          ///< for each row, the place of its camera in `constants`
    const float *inverse_lengths;  ///< for each row; NaN: no bound
    const float *constants;        ///< for each camera
} c_row_cameras;

/// Whether this processor can run a kernel on codes; `c_kernel_avx512` needs VNNI here.
bool c_code_kernel_runs(c_kernel kernel);

/// Writes the sums of products of a query's integers with those of `count` rows, the same with every kernel.
///
/// The rows are those of `list`, or those from `first` on if `list` is NULL.
void c_code_products(c_kernel kernel, c_coded_rows rows, const int16_t *query, size_t first, const uint32_t *list,
                     size_t count, int32_t *products);

/// Writes the bounds of the listed rows, the same bits with every kernel:
///
///     (scale · query scale) · product + error · error_factor + tail · tail_factor + squared length · length_factor
///
/// With cameras, (that + the camera's constant) · inverse length. What is NaN or below every number becomes +∞.
void c_listed_bounds(c_kernel kernel, c_coded_rows rows, c_coded_query query, c_row_cameras cameras,
                     const uint32_t *list, size_t count, float *bounds);

/// A query, and where the bounds for it go: 64 for each block, and the largest of each block.
typedef struct {
    c_coded_query query;
    c_row_cameras cameras;
    float *bounds;
    float *largest;
} c_block_query;

/// Writes the bounds of 64 rows from `first` on for each query, as those of block number `block`; -∞ for rows whose bit in
/// `allowed` is 0.
///
/// Rows past the last allowed one are not read. `allowed` is not 0.
void c_block_bounds(c_kernel kernel, c_coded_rows rows, const c_block_query *queries, size_t query_count, size_t first,
                    uint64_t allowed, size_t block);

/// The same for `count` listed rows, at most 64, and -∞ for the rest of the 64.
///
/// Of `list`, `known` entries may be read, at least `count`: the rows after those of the block are fetched into the cache.
/// The processor fetches many rows in order by itself, but not a few with gaps between them.
void c_listed_block_bounds(c_kernel kernel, c_coded_rows rows, const c_block_query *queries, size_t query_count,
                           const uint32_t *list, size_t count, size_t known, size_t block);

/// The bits of those of 64 values that are at least `least`.
uint64_t c_at_least(const float *values, float least);

/// Writes the code of `count` values and zeros up to `stride`, and returns the squared length of the difference.
///
/// The scale is the largest absolute value divided by 127. Values too large or too small for a scale get a code of zeros
/// and the difference +∞.
double c_code_values(const double *values, size_t count, size_t stride, int8_t *codes, float *scale);

/// Writes the inner products in double precision of `count` rows with every direction: [count, directions].
void c_project(const float *rows, size_t count, size_t dimensions, const double *directions, size_t direction_count,
               double *products);

/// Makes `row` orthogonal to `count` directions of length 1, scales it to length 1, and returns the length before that.
double c_orthonormalize(double *row, const double *directions, size_t count, size_t dimensions);

/// A number that is another one, but for one case in some billions of billions, if any of the bytes is another.
///
/// It finds damage, and is no protection against somebody who means to deceive.
uint64_t c_fingerprint(const void *bytes, size_t count, uint64_t seed);

#endif
