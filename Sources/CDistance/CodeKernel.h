// One kernel of the bounds from codes; included by CodeBounds.c once for each instruction set, with
//   KERNEL  the beginning of the functions' names; KERNEL_eight has the sums of products of eight rows with a query,
//           KERNEL_tile those of two rows with four queries
//   TARGET  the functions' target attribute

TARGET static void NAMED(KERNEL, products)(const c_coded_rows *rows, const int16_t *query, size_t first,
                                           const uint32_t *list, size_t count, size_t known, int32_t *products) {
    for (size_t start = 0; start < count; start += 8) {
        const int8_t *codes[8];
        // Rows past the end are the last row again; their sums are not written.
        for (size_t index = 0; index < 8; index++) {
            size_t place = smaller(start + index, count - 1);
            codes[index] = rows->codes + (list ? list[place] : first + place) * rows->stride;
        }
        // The processor follows rows in order by itself, but only to the end of a page.
        if (list)
            for (size_t place = start + NEXT; place < smaller(start + NEXT + 8, known); place++) fetch(rows, list[place]);
        else
            for (size_t byte = 0; byte < 8 * rows->stride; byte += 64)
                __builtin_prefetch(codes[0] + AHEAD + byte);
        int32_t sums[8];
        NAMED(KERNEL, eight)(codes, rows->stride, query, sums);
        if (start + 8 <= count)
            memcpy(products + start, sums, sizeof sums);
        else
            memcpy(products + start, sums, (count - start) * sizeof *sums);
    }
}

TARGET static void NAMED(KERNEL, listed)(const c_coded_rows *rows, const c_coded_query *query,
                                         const c_row_cameras *cameras, const uint32_t *list, size_t count, size_t known,
                                         float *bounds) {
    int32_t products[BLOCK];
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t part = smaller(BLOCK, count - start);
        NAMED(KERNEL, products)(rows, query->values, 0, list + start, part, known - start, products);
        fill_bounds(rows, query, cameras, 0, list + start, products, part, bounds + start);
    }
}

/// The sums of products of the first `count` rows of a block with four queries.
TARGET static void NAMED(KERNEL, four)(const c_coded_rows *rows, const c_block_query *queries, size_t first,
                                       size_t count, int32_t products[4][BLOCK]) {
    const int16_t *values[4];
    for (size_t query = 0; query < 4; query++) values[query] = queries[query].query.values;
    for (size_t row = 0; row < count; row += 2) {
        // A row past the end is the last one again; there is room for its sums.
        const int8_t *low = rows->codes + (first + row) * rows->stride;
        const int8_t *high = rows->codes + (first + smaller(row + 1, count - 1)) * rows->stride;
        int32_t sums[8];
        NAMED(KERNEL, tile)(low, high, rows->stride, values, sums);
        for (size_t query = 0; query < 4; query++) memcpy(products[query] + row, sums + 2 * query, 2 * sizeof *sums);
    }
}

TARGET static void NAMED(KERNEL, listed_block)(const c_coded_rows *rows, const c_block_query *queries,
                                               size_t query_count, const uint32_t *list, size_t count, size_t known,
                                               size_t block) {
    for (size_t number = 0; number < query_count; number++) {
        const c_block_query *query = queries + number;
        float *bounds = query->bounds + block * BLOCK;
        NAMED(KERNEL, listed)(rows, &query->query, &query->cameras, list, count, known, bounds);
        for (size_t index = count; index < BLOCK; index++) bounds[index] = -INFINITY;
        query->largest[block] = largest(bounds);
    }
}

TARGET static void NAMED(KERNEL, block)(const c_coded_rows *rows, const c_block_query *queries, size_t query_count,
                                        size_t first, uint64_t allowed, size_t block) {
    int32_t products[4][BLOCK];
    size_t count = BLOCK - (size_t)__builtin_clzll(allowed);
    for (size_t number = 0; number < query_count; number++) {
        const c_block_query *query = queries + number;
        float *bounds = query->bounds + block * BLOCK;
        size_t four = number % 4;
        if (number - four + 4 > query_count)
            NAMED(KERNEL, products)(rows, query->query.values, first, NULL, count, count, products[four]);
        else if (four == 0)
            NAMED(KERNEL, four)(rows, query, first, count, products);
        fill_bounds(rows, &query->query, &query->cameras, first, NULL, products[four], count, bounds);
        if (allowed != UINT64_MAX)
            for (size_t index = 0; index < BLOCK; index++)
                bounds[index] = allowed >> index & 1 ? bounds[index] : -INFINITY;
        query->largest[block] = largest(bounds);
    }
}

#undef KERNEL
#undef TARGET
