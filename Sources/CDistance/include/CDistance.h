#ifndef CDISTANCE_H
#define CDISTANCE_H

#include <stddef.h>

// Swift compiles for one instruction set; this loop is compiled for several, and the processor's is chosen at run time.
// All give the same bits.

/// Writes the squared Euclidean distances from `query` to `count` rows of `dimensions` floats into `distances`.
///
/// Each is the sum of (query[i] - row[i])^2 in double precision: sixteen running sums over complete groups of sixteen
/// values, added pairwise, then the remaining values one by one. No multiplication is fused with an addition, so the
/// result does not depend on the processor.
void c_squared_distances(const double *query, const float *rows, size_t count, size_t dimensions, double *distances);

#endif
