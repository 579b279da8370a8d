#pragma once
#include <dnnl.h>

// Functions of the OpenMP runtime that oneDNN uses. They are declared here because <omp.h> lies in a folder that
// belongs to a compiler.

/// Sets how many threads the calling thread's parallel regions use.
extern void omp_set_num_threads(int count);
/// How many threads the calling thread's next parallel region uses.
extern int omp_get_max_threads(void);
/// Runs `body(data)` on every thread of the calling thread's team. This is what `#pragma omp parallel` compiles to;
/// Swift cannot write that. With `threads` 0 the team has `omp_get_max_threads()` members.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
