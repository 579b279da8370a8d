#include "CDefaultWeights.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char weights[] = {
#embed "default.safetensors"
};

static const unsigned char profile[] = {
#embed "default.profile.safetensors"
};

const unsigned char *c_default_profile(size_t *count) {
    *count = sizeof profile;
    return profile;
}

const unsigned char *c_default_weights(size_t *count) {
    *count = sizeof weights;
    return weights;
}
