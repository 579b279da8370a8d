// One kernel of the inner products; included by InnerProducts.c once for each instruction set, with
//   KERNEL  the beginning of the functions' names
//   LANES   the floats of a vector; a tile is two vectors wide
//   TALL    the rows of a tile; its 2 * TALL sums, two vectors and one value fit into the registers
//   TARGET  the functions' target attribute

#define WIDE (2 * LANES)
typedef float NAMED(KERNEL, lanes) __attribute__((vector_size(4 * LANES), aligned(4)));

/// Adds the products of `count` of `TALL` rows with the first `columns` columns of a panel to `products`, or writes
/// them if `is_first`.
TARGET static void NAMED(KERNEL, tile)(const float *const *rows, size_t count, const float *panel, size_t depth,
                                       float *products, size_t stride, size_t columns, bool is_first) {
    typedef NAMED(KERNEL, lanes) lanes;
    lanes low[TALL], high[TALL];
#pragma clang loop unroll(full)
    for (int row = 0; row < TALL; row++) low[row] = high[row] = (lanes){0};
    for (size_t place = 0; place < depth; place++, panel += WIDE) {
        lanes left = *(const lanes *)panel, right = *(const lanes *)(panel + LANES);
#pragma clang loop unroll(full)
        for (int row = 0; row < TALL; row++) {
            low[row] += rows[row][place] * left;
            high[row] += rows[row][place] * right;
        }
    }
    float sums[TALL][WIDE];
#pragma clang loop unroll(full)
    for (int row = 0; row < TALL; row++) {
        *(lanes *)sums[row] = low[row];
        *(lanes *)(sums[row] + LANES) = high[row];
    }
    for (size_t row = 0; row < count; row++)
        for (size_t column = 0; column < columns; column++) {
            float *product = products + row * stride + column;
            *product = is_first ? sums[row][column] : *product + sums[row][column];
        }
}

TARGET static void NAMED(KERNEL, products)(const float *left, size_t left_count, const float *right,
                                           size_t right_count, size_t dimensions, float *products) {
    float panel[PANEL_DEPTH * WIDE] __attribute__((aligned(64)));
    for (size_t start = 0; start < dimensions; start += PANEL_DEPTH) {
        size_t depth = smaller(PANEL_DEPTH, dimensions - start);
        for (size_t column = 0; column < right_count; column += WIDE) {
            size_t columns = smaller(WIDE, right_count - column);
            fill_panel(right + column * dimensions + start, columns, dimensions, depth, WIDE, panel);
            for (size_t first = 0; first < left_count; first += TALL) {
                const float *rows[TALL];
                // Rows past the end are the last row again; their sums are not written.
                for (size_t row = 0; row < TALL; row++)
                    rows[row] = left + smaller(first + row, left_count - 1) * dimensions + start;
                NAMED(KERNEL, tile)(rows, smaller(TALL, left_count - first), panel, depth,
                                    products + first * right_count + column, right_count, columns, start == 0);
            }
        }
    }
}

#undef WIDE
#undef KERNEL
#undef LANES
#undef TALL
#undef TARGET
