#include <math.h>
#include <stdlib.h>

#include "etas/io.h"

static bool is_on_the_globe(double lat, double lon)
{
    return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 360;
}

static void read_for(size_t size, const uint8_t *data, const etas_catalog_wanted *want)
{
    etas_catalog c = {0};
    etas_error err = {0};

    if (etas_catalog_read_csv(&c, size, (const char *)data, "input", want, &err) != ETAS_OK) {
        /* a refusal says why and leaves nothing behind */
        if (err.code == ETAS_OK || err.text[0] == '\0' || c.n != 0 || c.time != NULL)
            abort();
        return;
    }
    for (size_t i = 0; i < c.n; i++)
        if (!is_on_the_globe(c.lat[i], c.lon[i]) &&
            !(want->three_dim && (isnan(c.lat[i]) || isnan(c.lon[i]))))
            abort();
    etas_catalog_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_catalog_wanted want = etas_catalog_wanted_default();

    read_for(size, data, &want);
    want = (etas_catalog_wanted){
        .mc = true, .three_dim = true, .space_unit_in_meters = 0.3, .covariate = "depth"};
    read_for(size, data, &want);
    return 0;
}
