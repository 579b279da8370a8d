#ifndef CDISTANCE_H
#define CDISTANCE_H

#include <stddef.h>

// Swift compiles for one instruction set; this loop picks the processor's at run time. Both give the same bits.

/// Writes the squared Euclidean distances from `query` to `count` rows of `dimensions` floats into `distances`.
///
/// Each is the sum of (query[i] - row[i])^2 in double precision: sixteen running sums over whole groups of sixteen, added
/// pairwise, then the rest one by one. No operation is fused, so the result does not depend on the processor.
void c_squared_distances(const double *query, const float *rows, size_t count, size_t dimensions, double *distances);

#endif
