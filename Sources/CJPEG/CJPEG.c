#include "CJPEG.h"

#include <setjmp.h>
#include <string.h>

_Static_assert(C_JPEG_MESSAGE >= JMSG_LENGTH_MAX, "libjpeg's messages must fit");

/// The error manager is the first member, so that libjpeg's pointer to it also points to this struct.
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    char *message;
    c_jpeg_tolerance_t tolerance;
    /// Whether the file ended where a marker or image data was expected, after the first scan's header.
    int lacks_end;
} failure_t;

static void fail(j_common_ptr codec) {
    failure_t *failure = (failure_t *)codec->err;
    failure->manager.format_message(codec, failure->message);
    longjmp(failure->escape, 1);
}

/// Whether the file ended in a place where the image may be complete: behind the first scan's header and in no segment.
///
/// libjpeg then goes on as if the end mark followed, and warns again if a bit of the image is missing. It cannot notice
/// that in arithmetic coding, in which zeros at the end of the data are not stored.
static int may_be_complete(j_common_ptr codec) {
    if (!codec->is_decompressor) return 0;
    j_decompress_ptr reader = (j_decompress_ptr)codec;
    return reader->input_scan_number > 0 && reader->unread_marker == 0 && !reader->arith_code;
}

/// Warnings have a negative level; traces are dropped.
static void note(j_common_ptr codec, int level) {
    failure_t *failure = (failure_t *)codec->err;
    if (level >= 0) return;
    if (failure->manager.msg_code == JWRN_JPEG_EOF && may_be_complete(codec)) {
        failure->lacks_end = 1;
        return;
    }
    for (size_t i = 0; i < failure->tolerance.harmless_warning_count; i++) {
        if (failure->tolerance.harmless_warnings[i] == failure->manager.msg_code) return;
    }
    fail(codec);
}

static void print_nothing(j_common_ptr codec) { (void)codec; }

static struct jpeg_error_mgr *prepare(failure_t *failure, c_jpeg_tolerance_t tolerance, char *message) {
    struct jpeg_error_mgr *manager = jpeg_std_error(&failure->manager);
    manager->error_exit = fail;
    manager->emit_message = note;
    manager->output_message = print_nothing;
    failure->message = message;
    failure->tolerance = tolerance;
    failure->lacks_end = 0;
    message[0] = 0;
    return manager;
}

/// The state of one use of libjpeg. It lives in the public function's frame: locals of the frame that calls setjmp must
/// not change afterwards.
typedef struct {
    struct jpeg_decompress_struct codec;
    struct jpeg_progress_mgr progress;
    failure_t failure;
    c_jpeg_watcher_t watcher;
    /// One bit per component; set when a scan of a multi-scan file had data for it.
    unsigned components_seen;
} reader_t;

static void stop(reader_t *reader, const char *reason) {
    strcpy(reader->failure.message, reason);
    longjmp(reader->failure.escape, 1);
}

/// Called for each row of blocks that is read from a multi-scan file, before the first row is decoded; then for each row.
static void watch(j_common_ptr codec) {
    reader_t *reader = (reader_t *)codec->client_data;
    if (!reader->watcher.goes_on(reader->watcher.context)) stop(reader, "stopped");
    if (reader->codec.input_scan_number > reader->failure.tolerance.maximum_scans) {
        stop(reader, "more scans than any sensible file has");
    }
    for (int i = 0; i < reader->codec.comps_in_scan; i++) {
        reader->components_seen |= 1u << reader->codec.cur_comp_info[i]->component_index;
    }
}

static void open_reader(reader_t *reader, const uint8_t *bytes, size_t count) {
    jpeg_create_decompress(&reader->codec);
    reader->codec.client_data = reader;
    jpeg_mem_src(&reader->codec, bytes, count);
    jpeg_read_header(&reader->codec, TRUE);
}

static int read_header(reader_t *reader, const uint8_t *bytes, size_t count, c_jpeg_header_t *header) {
    if (setjmp(reader->failure.escape)) return 0;
    open_reader(reader, bytes, count);
    header->width = reader->codec.image_width;
    header->height = reader->codec.image_height;
    header->is_cmyk = reader->codec.jpeg_color_space == JCS_CMYK || reader->codec.jpeg_color_space == JCS_YCCK;
    header->has_many_scans = jpeg_has_multiple_scans(&reader->codec) ? 1 : 0;
    return 1;
}

int c_jpeg_read_header(const uint8_t *bytes, size_t count, c_jpeg_tolerance_t tolerance, c_jpeg_header_t *header,
                       char message[C_JPEG_MESSAGE]) {
    reader_t reader;
    memset(&reader, 0, sizeof reader);
    reader.codec.err = prepare(&reader.failure, tolerance, message);
    int done = read_header(&reader, bytes, count, header);
    jpeg_destroy_decompress(&reader.codec);
    return done;
}

/// Whether the scans of a progressive file gave every coefficient in full: `coef_bits` counts the bits still to come.
static int is_refined(j_decompress_ptr codec) {
    for (int i = 0; i < codec->num_components; i++) {
        for (int k = 0; k < DCTSIZE2; k++) {
            if (codec->coef_bits[i][k] != 0) return 0;
        }
    }
    return 1;
}

static int decode(reader_t *reader, const uint8_t *bytes, size_t count, unsigned eighths, int as_cmyk,
                  uint8_t *pixels, uint32_t width, uint32_t height) {
    if (setjmp(reader->failure.escape)) return 0;
    open_reader(reader, bytes, count);
    j_decompress_ptr codec = &reader->codec;
    reader->progress.progress_monitor = watch;
    codec->progress = &reader->progress;
    codec->scale_num = eighths;
    codec->scale_denom = 8;
    codec->out_color_space = as_cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(codec);
    if (codec->output_width != width || codec->output_height != height ||
        codec->output_components != (as_cmyk ? 4 : 3)) {
        stop(reader, "the image is not the size its header announced");
    }
    if (jpeg_has_multiple_scans(codec) && reader->components_seen != (1u << codec->num_components) - 1) {
        stop(reader, "a component without data");
    }
    if (reader->failure.lacks_end && codec->progressive_mode && !is_refined(codec)) {
        stop(reader, "the file ends before its last scan");
    }
    size_t stride = (size_t)width * (size_t)codec->output_components;
    while (codec->output_scanline < height) {
        JSAMPROW row = pixels + stride * codec->output_scanline;
        jpeg_read_scanlines(codec, &row, 1);
    }
    jpeg_finish_decompress(codec);
    return 1;
}

int c_jpeg_decode(const uint8_t *bytes, size_t count, c_jpeg_tolerance_t tolerance, unsigned eighths, int as_cmyk,
                  uint8_t *pixels, uint32_t width, uint32_t height, c_jpeg_watcher_t watcher,
                  char message[C_JPEG_MESSAGE]) {
    reader_t reader;
    memset(&reader, 0, sizeof reader);
    reader.watcher = watcher;
    reader.codec.err = prepare(&reader.failure, tolerance, message);
    int done = decode(&reader, bytes, count, eighths, as_cmyk, pixels, width, height);
    jpeg_destroy_decompress(&reader.codec);
    return done;
}

typedef struct {
    struct jpeg_compress_struct codec;
    struct jpeg_destination_mgr destination;
    failure_t failure;
    void (*sink)(void *context, const uint8_t *bytes, size_t count);
    void *context;
    uint8_t piece[16384];
} writer_t;

static void start_piece(j_compress_ptr codec) {
    writer_t *writer = (writer_t *)codec->client_data;
    writer->destination.next_output_byte = writer->piece;
    writer->destination.free_in_buffer = sizeof writer->piece;
}

static boolean send_full_piece(j_compress_ptr codec) {
    writer_t *writer = (writer_t *)codec->client_data;
    writer->sink(writer->context, writer->piece, sizeof writer->piece);
    start_piece(codec);
    return TRUE;
}

static void send_last_piece(j_compress_ptr codec) {
    writer_t *writer = (writer_t *)codec->client_data;
    writer->sink(writer->context, writer->piece, sizeof writer->piece - writer->destination.free_in_buffer);
}

static int encode(writer_t *writer, const uint8_t *pixels, uint32_t width, uint32_t height, int quality,
                  int halves_color) {
    if (setjmp(writer->failure.escape)) return 0;
    j_compress_ptr codec = &writer->codec;
    jpeg_create_compress(codec);
    codec->client_data = writer;
    writer->destination.init_destination = start_piece;
    writer->destination.empty_output_buffer = send_full_piece;
    writer->destination.term_destination = send_last_piece;
    codec->dest = &writer->destination;
    codec->image_width = width;
    codec->image_height = height;
    codec->input_components = 3;
    codec->in_color_space = JCS_RGB;
    jpeg_set_defaults(codec);
    jpeg_set_quality(codec, quality, TRUE);
    // The default is 4:2:0: luminance has twice the resolution of the color components in both directions.
    if (!halves_color) codec->comp_info[0].h_samp_factor = codec->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(codec, TRUE);
    while (codec->next_scanline < height) {
        JSAMPROW row = (JSAMPROW)pixels + (size_t)width * 3 * codec->next_scanline;
        jpeg_write_scanlines(codec, &row, 1);
    }
    jpeg_finish_compress(codec);
    return 1;
}

int c_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality, int halves_color,
                  void (*sink)(void *context, const uint8_t *bytes, size_t count), void *context,
                  char message[C_JPEG_MESSAGE]) {
    writer_t writer;
    memset(&writer, 0, sizeof writer);
    c_jpeg_tolerance_t none = {NULL, 0, 0};
    writer.codec.err = prepare(&writer.failure, none, message);
    writer.sink = sink;
    writer.context = context;
    int done = encode(&writer, pixels, width, height, quality, halves_color);
    jpeg_destroy_compress(&writer.codec);
    return done;
}
