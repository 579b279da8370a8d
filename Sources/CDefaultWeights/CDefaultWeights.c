#include "CDefaultWeights.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char weights[] = {
#embed "default.safetensors"
};

const unsigned char *c_default_weights(size_t *count) {
    *count = sizeof weights;
    return weights;
}
