#include <stdlib.h>

#include "etas/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_catalog c = {0};
    etas_error err = {0};

    if (etas_catalog_read_csv(&c, size, (const char *)data, "input", NULL, &err) != ETAS_OK) {
        /* a refusal says why and leaves nothing behind */
        if (err.code == ETAS_OK || err.text[0] == '\0' || c.n != 0 || c.time != NULL)
            abort();
        return 0;
    }
    for (size_t i = 0; i < c.n; i++)
        if (!(c.lat[i] >= -90 && c.lat[i] <= 90 && c.lon[i] >= -180 && c.lon[i] <= 360))
            abort();
    etas_catalog_free(&c);
    return 0;
}
