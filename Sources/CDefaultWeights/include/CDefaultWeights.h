#ifndef CDEFAULTWEIGHTS_H
#define CDEFAULTWEIGHTS_H

#include <stddef.h>

// Swift has no way to put a file into a program; C23 has.

/// The bytes of default.safetensors, the weights that `reid serve` uses where it is given no others, and how many they are.
const unsigned char *_Nonnull c_default_weights(size_t *_Nonnull count);

#endif
