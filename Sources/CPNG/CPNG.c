#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/// The state of one use of libpng. It lives in the public function's frame: locals of the frame that calls setjmp must
/// not change afterwards.
typedef struct {
    png_structp codec;
    png_infop info;
    jmp_buf escape;
    char *message;
    const uint8_t *next;
    size_t left;
    void (*sink)(void *context, const uint8_t *bytes, size_t count);
    void *context;
} use_t;

static void fail(png_structp codec, png_const_charp reason) {
    use_t *use = png_get_error_ptr(codec);
    snprintf(use->message, C_PNG_MESSAGE, "%s", reason);
    longjmp(use->escape, 1);
}

static void ignore(png_structp codec, png_const_charp reason) {
    (void)codec;
    (void)reason;
}

static void take(png_structp codec, png_bytep bytes, size_t count) {
    use_t *use = png_get_io_ptr(codec);
    if (count > use->left) png_error(codec, "the file ends too early");
    memcpy(bytes, use->next, count);
    use->next += count;
    use->left -= count;
}

static void give(png_structp codec, png_bytep bytes, size_t count) {
    use_t *use = png_get_io_ptr(codec);
    use->sink(use->context, bytes, count);
}

static void flush(png_structp codec) { (void)codec; }

/// Reads everything before the pixels and sets libpng up for rows of 8-bit RGB or RGBA. Returns the number of passes.
static int open_reader(use_t *use) {
    use->codec = png_create_read_struct(PNG_LIBPNG_VER_STRING, use, fail, ignore);
    if (use->codec) use->info = png_create_info_struct(use->codec);
    if (!use->info) {
        strcpy(use->message, "libpng refused to start");
        longjmp(use->escape, 1);
    }
    png_structp codec = use->codec;
    png_set_read_fn(codec, use, take);
    png_set_crc_action(codec, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(codec, 0);
    png_set_keep_unknown_chunks(codec, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(codec, use->info);
    png_set_expand(codec);
    png_set_scale_16(codec);
    png_set_gray_to_rgb(codec);
    int passes = png_set_interlace_handling(codec);
    png_read_update_info(codec, use->info);
    return passes;
}

static c_png_header_t described(use_t *use) {
    c_png_header_t header = {png_get_image_width(use->codec, use->info), png_get_image_height(use->codec, use->info),
                             png_get_channels(use->codec, use->info),
                             png_get_interlace_type(use->codec, use->info) != PNG_INTERLACE_NONE};
    return header;
}

static int read_header(use_t *use, c_png_header_t *header) {
    if (setjmp(use->escape)) return 0;
    open_reader(use);
    * header = described(use);
    return 1;
}

int c_png_read_header(const uint8_t *bytes, size_t count, c_png_header_t *header, char message[C_PNG_MESSAGE]) {
    use_t use = {.message = message, .next = bytes, .left = count};
    message[0] = 0;
    int done = read_header(&use, header);
    png_destroy_read_struct(&use.codec, &use.info, NULL);
    return done;
}

static int decode(use_t *use, const c_png_header_t *header, uint8_t *pixels, c_png_receiver_t receiver) {
    if (setjmp(use->escape)) return 0;
    int passes = open_reader(use);
    c_png_header_t found = described(use);
    size_t stride = (size_t)header->width * header->channels;
    if (found.width != header->width || found.height != header->height || found.channels != header->channels ||
        found.is_interlaced != header->is_interlaced || png_get_rowbytes(use->codec, use->info) != stride) {
        png_error(use->codec, "the image is not the size its header announced");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < header->height; y++) {
            uint8_t *row = header->is_interlaced ? pixels + stride * y : pixels;
            png_read_row(use->codec, row, NULL);
            // In all passes but the last, the receiver is only asked whether to go on.
            if (!receiver.take(receiver.context, pass + 1 == passes ? row : NULL)) png_error(use->codec, "stopped");
        }
    }
    png_read_end(use->codec, NULL);
    return 1;
}

int c_png_decode(const uint8_t *bytes, size_t count, c_png_header_t header, uint8_t *pixels,
                 c_png_receiver_t receiver, char message[C_PNG_MESSAGE]) {
    use_t use = {.message = message, .next = bytes, .left = count};
    message[0] = 0;
    int done = decode(&use, &header, pixels, receiver);
    png_destroy_read_struct(&use.codec, &use.info, NULL);
    return done;
}

static int encode(use_t *use, const uint8_t *pixels, uint32_t width, uint32_t height, int level) {
    if (setjmp(use->escape)) return 0;
    use->codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, use, fail, ignore);
    if (use->codec) use->info = png_create_info_struct(use->codec);
    if (!use->info) {
        strcpy(use->message, "libpng refused to start");
        return 0;
    }
    png_set_write_fn(use->codec, use, give, flush);
    png_set_compression_level(use->codec, level);
    png_set_IHDR(use->codec, use->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(use->codec, use->info);
    for (uint32_t y = 0; y < height; y++) png_write_row(use->codec, pixels + (size_t)width * 3 * y);
    png_write_end(use->codec, use->info);
    return 1;
}

int c_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int level,
                 void (*sink)(void *context, const uint8_t *bytes, size_t count), void *context,
                 char message[C_PNG_MESSAGE]) {
    use_t use = {.message = message, .sink = sink, .context = context};
    message[0] = 0;
    int done = encode(&use, pixels, width, height, level);
    png_destroy_write_struct(&use.codec, &use.info);
    return done;
}
