#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>

/// The instruction sets that products are compiled for, the slowest first.
typedef enum { c_kernel_plain = 0, c_kernel_avx2 = 1, c_kernel_avx512 = 2 } c_kernel;

#endif
