#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

// libjpeg reports errors by longjmp, which must not cross Swift frames. Each function here uses the library from start
// to end inside one setjmp: nothing stays allocated after the call, and every pointer belongs to the caller. Decisions
// (limits, which warnings count, the conversion of CMYK) are passed in, or made in Swift.

/// Room for libjpeg's longest message.
#define C_JPEG_MESSAGE 200

/// What a JPEG's header says.
typedef struct {
    uint32_t width;
    uint32_t height;
    /// 1 if the samples are CMYK or YCCK, which have four components.
    int is_cmyk;
    /// 1 if the image's data comes in several passes over the whole image.
    int has_many_scans;
} c_jpeg_header_t;

/// Which faults both decoding functions tolerate, besides an end mark that is missing behind a complete image.
typedef struct {
    /// Warning codes (`J_MESSAGE_CODE`) that are not errors; every other warning is.
    const int *harmless_warnings;
    size_t harmless_warning_count;
    /// The most scans that are decoded; one more is an error, because each costs time for the whole image.
    int maximum_scans;
} c_jpeg_tolerance_t;

/// Who is asked again and again, during the decoding, whether it should go on.
typedef struct {
    /// Returns 0 to stop the decoding; it must not call libjpeg.
    int (*goes_on)(void *context);
    void *context;
} c_jpeg_watcher_t;

/// Reads the header. Returns 1, or 0 with the reason in `message`.
int c_jpeg_read_header(const uint8_t *bytes, size_t count, c_jpeg_tolerance_t tolerance, c_jpeg_header_t *header,
                       char message[C_JPEG_MESSAGE]);

/// Decodes at scale `eighths`/8 into `pixels`: RGB, or CMYK as it is stored if `as_cmyk` is set.
///
/// `pixels` has exactly `width` * `height` * (3 or 4) bytes; anything else that libjpeg would write is an error
/// before the first row. Returns 1, or 0 with the reason in `message`.
int c_jpeg_decode(const uint8_t *bytes, size_t count, c_jpeg_tolerance_t tolerance, unsigned eighths, int as_cmyk,
                  uint8_t *pixels, uint32_t width, uint32_t height, c_jpeg_watcher_t watcher,
                  char message[C_JPEG_MESSAGE]);

/// Encodes RGB rows at `quality` (1...100), handing the file to `sink` piece by piece; 4:2:0 if `halves_color` is set,
/// else 4:4:4.
///
/// `sink` must not call libjpeg. Returns 1, or 0 with the reason in `message`.
int c_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality, int halves_color,
                  void (*sink)(void *context, const uint8_t *bytes, size_t count), void *context,
                  char message[C_JPEG_MESSAGE]);

#endif
