#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross Swift frames. Each function here uses the library from start
// to end inside one setjmp: nothing stays allocated after the call, and every pointer belongs to the caller.

/// Room for libpng's longest message.
#define C_PNG_MESSAGE 200

/// What a PNG's chunks before the image say.
typedef struct {
    uint32_t width;
    uint32_t height;
    /// 3 (RGB) or 4 (RGBA, if there is an alpha channel or a tRNS chunk): what `c_png_decode` writes per pixel.
    uint32_t channels;
} c_png_header_t;

/// Reads up to the first IDAT. Returns 1, or 0 with the reason in `message`.
int c_png_read_header(const uint8_t *bytes, size_t count, c_png_header_t *header, char message[C_PNG_MESSAGE]);

/// Decodes the image that `header` describes into `pixels`, of width * height * channels bytes, 8 bits each.
///
/// Reads through IEND and checks every CRC on the way; ancillary chunks other than tRNS are skipped without being
/// decompressed. Returns 1, or 0 with the reason in `message`.
int c_png_decode(const uint8_t *bytes, size_t count, c_png_header_t header, uint8_t *pixels,
                 char message[C_PNG_MESSAGE]);

/// Encodes RGB rows at zlib `level` (0...9), handing the file to `sink` piece by piece.
///
/// `sink` must not call libpng. Returns 1, or 0 with the reason in `message`.
int c_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int level,
                 void (*sink)(void *context, const uint8_t *bytes, size_t count), void *context,
                 char message[C_PNG_MESSAGE]);

#endif
