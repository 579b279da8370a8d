#ifndef CDISTANCE_H
#define CDISTANCE_H

#include "Codes.h"
#include "Kernels.h"

#include <stdbool.h>
#include <stddef.h>

// Swift compiles for one instruction set; these loops are compiled for several, and the processor's is chosen at run
// time.

/// Writes the squared Euclidean distances from `query` to `count` rows of `dimensions` floats into `distances`.
///
/// Each is the sum of (query[i] - row[i])^2 in double precision: sixteen running sums over complete groups of sixteen
/// values, added pairwise, then the remaining values one by one. No multiplication is fused with an addition, so the
/// result does not depend on the processor.
void c_squared_distances(const double *query, const float *rows, size_t count, size_t dimensions, double *distances);

/// The same for the listed rows of `rows`, in their order.
void c_listed_squared_distances(const double *query, const float *rows, const uint32_t *list, size_t count,
                                size_t dimensions, double *distances);

/// Writes (row - mean) / |row - mean|, divided in double precision; zeros if the two are equal.
///
/// The length is the square root of `c_squared_distances` from the mean to the row.
void c_normalize(const float *row, const double *mean, size_t dimensions, float *normalized);

/// Whether this processor can run a kernel of the inner products.
bool c_kernel_runs(c_kernel kernel);

/// Writes the inner products of rows: `products[i * right_count + j]` is the product of row i of `left` and row j of
/// `right`.
///
/// All rows have `dimensions` floats and follow each other. Sums are formed in float32; their order depends on the
/// kernel, but not on the rows' places, so the product of two rows has the same bits either way round. Runs on the
/// calling thread.
void c_inner_products(c_kernel kernel, const float *left, size_t left_count, const float *right, size_t right_count,
                      size_t dimensions, float *products);

#endif
