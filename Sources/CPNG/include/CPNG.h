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
    /// 1 if the rows come in several passes over the whole image.
    int is_interlaced;
} c_png_header_t;

/// Who takes the rows of an image from the top.
typedef struct {
    /// Takes one row of width * channels bytes; NULL if there is no complete row yet. Returns 0 to stop the decoding.
    ///
    /// It must not call libpng.
    int (*take)(void *context, const uint8_t *row);
    void *context;
} c_png_receiver_t;

/// Reads up to the first IDAT. Returns 1, or 0 with the reason in `message`.
int c_png_read_header(const uint8_t *bytes, size_t count, c_png_header_t *header, char message[C_PNG_MESSAGE]);

/// Decodes the image that `header` describes, 8 bits for each sample, and hands its rows to `receiver`.
///
/// `pixels` is memory to work in: one row of width * channels bytes, or all rows if the image is interlaced. Reads through IEND and checks every CRC on the way; ancillary chunks other than tRNS are skipped without being
/// decompressed. Returns 1, or 0 with the reason in `message`.
int c_png_decode(const uint8_t *bytes, size_t count, c_png_header_t header, uint8_t *pixels,
                 c_png_receiver_t receiver, char message[C_PNG_MESSAGE]);

/// Encodes RGB rows at zlib `level` (0...9), handing the file to `sink` piece by piece.
///
/// `sink` must not call libpng. Returns 1, or 0 with the reason in `message`.
int c_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int level,
                 void (*sink)(void *context, const uint8_t *bytes, size_t count), void *context,
                 char message[C_PNG_MESSAGE]);

#endif
