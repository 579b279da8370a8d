#pragma once
#include <dnnl.h>

// The OpenMP runtime that oneDNN computes with. Declared here because <omp.h> lies in a compiler's private folder.

/// Sets how many threads the calling thread's parallel regions use.
extern void omp_set_num_threads(int count);
/// How many threads the calling thread's next parallel region uses.
extern int omp_get_max_threads(void);
/// Runs `body(data)` on every thread of the calling thread's team: what `#pragma omp parallel`, which Swift cannot write,
/// compiles to. With `threads` 0 the team has `omp_get_max_threads()` members.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
