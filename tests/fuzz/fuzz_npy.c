#include <stdlib.h>

#include "etas/io.h"

static void check(etas_status st, const etas_error *err, etas_region *region)
{
    if (st == ETAS_OK ? region->n_rings == 0
                      : err->code == ETAS_OK || err->text[0] == '\0' || region->n_rings != 0)
        abort();
    etas_region_free(region);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_region region = {0};
    etas_error err = {0};

    check(etas_region_read_npy(&region, size, data, false, &err), &err, &region);
    err = (etas_error){0};
    check(etas_region_read_list(&region, size, (const char *)data, true, &err), &err, &region);
    return 0;
}
