#include "catalog/columns.h"

#include "etas/array.h"

etas_status etas_columns_reserve(size_t n, const etas_column columns[], size_t need,
                                 size_t *capacity)
{
    size_t grown = *capacity;

    for (size_t i = 0; i < n; i++) {
        grown = *capacity;
        if (etas_array_reserve(columns[i].values, &grown, need, columns[i].size) != ETAS_OK)
            return ETAS_E_NOMEM;
    }
    *capacity = grown;
    return ETAS_OK;
}
