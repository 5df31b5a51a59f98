/** @file columns.h  Columns of a table that grow together. */
#ifndef ETAS_SRC_CATALOG_COLUMNS_H
#define ETAS_SRC_CATALOG_COLUMNS_H

#include <stddef.h>

#include "etas/status.h"

typedef struct etas_column {
    void **values; /**< an etas_array */
    size_t size;   /**< bytes of one value */
} etas_column;

/** Room for @p need rows in every column; *capacity is that of all. On E_NOMEM it is unchanged:
 * some columns then have spare room. */
ETAS_NODISCARD etas_status etas_columns_reserve(size_t n, const etas_column columns[], size_t need,
                                                size_t *capacity);

#endif
