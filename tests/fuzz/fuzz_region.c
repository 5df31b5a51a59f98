#include <stdlib.h>

#include "etas/io.h"
#include "io/npy.h"

static void check(etas_status st, const etas_error *err, etas_region *region)
{
    if (st == ETAS_OK ? region->n_rings == 0
                      : err->code == ETAS_OK || err->text[0] == '\0' || region->n_rings != 0)
        abort();
    etas_region_free(region);
}

static void check_array(size_t columns, size_t size, const uint8_t *data)
{
    etas_npy a = {0};
    etas_error err = {0};
    const etas_status st = etas_npy_read(&a, size, data, columns, &err);

    if (st == ETAS_OK
            ? a.columns != columns || a.rows * columns > size || (a.rows > 0 && a.values == NULL)
            : err.code == ETAS_OK || err.text[0] == '\0' || a.values != NULL)
        abort();
    etas_npy_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_region region = {0};
    etas_error err = {0};

    check_array(1, size, data);
    check_array(3, size, data);
    check(etas_region_read_npy(&region, size, data, false, &err), &err, &region);
    err = (etas_error){0};
    check(etas_region_read_list(&region, size, (const char *)data, true, &err), &err, &region);
    return 0;
}
