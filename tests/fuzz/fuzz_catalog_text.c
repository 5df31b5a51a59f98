#include <stdlib.h>

#include "etas/io.h"

static void check_catalog(const etas_catalog *c, const etas_catalog_summary *s)
{
    if (c->n + etas_tally_sum(&s->skipped_types) + s->n_no_magnitude + s->n_no_preferred +
            s->n_no_place !=
        s->n_events)
        abort();
    for (size_t i = 0; i < c->n; i++)
        if (!(c->lat[i] >= -90 && c->lat[i] <= 90 && c->lon[i] >= -180 && c->lon[i] <= 360 &&
              c->mag[i] >= -10 && c->mag[i] <= 12) ||
            c->time[i] == ETAS_TIME_NONE)
            abort();
}

static void read_as(size_t size, const uint8_t *data, etas_catalog_format format)
{
    const etas_catalog_bytes from = {"input", size, (const char *)data};
    const etas_catalog_options options = {.format = format};
    etas_catalog c = {0};
    etas_catalog_summary summary;
    etas_error err = {0};

    if (etas_catalog_read(&c, &from, &options, &summary, &err) == ETAS_OK)
        check_catalog(&c, &summary);
    else if (err.code == ETAS_OK || err.text[0] == '\0' || c.n != 0 || c.time != NULL)
        abort(); /* a refusal says why and leaves nothing behind */
    etas_catalog_free(&c);
}

/* As what it seems to be, and as everything that it is not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; i < ETAS_N_CATALOG_FORMATS; i++)
        read_as(size, data, (etas_catalog_format)i);
    return 0;
}
