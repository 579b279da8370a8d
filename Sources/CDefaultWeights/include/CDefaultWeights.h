#ifndef CDEFAULTWEIGHTS_H
#define CDEFAULTWEIGHTS_H

#include <stddef.h>

// Swift cannot embed a file in a program; C23 can.

/// The bytes of default.safetensors, the weights that `reid` uses unless it is given others; `count` receives their
/// number.
const unsigned char *_Nonnull c_default_weights(size_t *_Nonnull count);

/// The bytes of default.profile.safetensors, what these weights give for images of people; `count` receives their number.
const unsigned char *_Nonnull c_default_profile(size_t *_Nonnull count);

#endif
