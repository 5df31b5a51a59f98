#include <math.h>
#include <stdlib.h>

#include "etas/io.h"

static void check_event(const etas_event *e)
{
    if (!(e->lat >= -90 && e->lat <= 90 && e->lon >= -180 && e->lon <= 360) ||
        !(e->mag >= -10 && e->mag <= 12) || isinf(e->depth) || e->id_len == 0 ||
        e->time == ETAS_TIME_NONE)
        abort();
}

static size_t count_of(const etas_catalog_summary *s)
{
    return s->n_events - etas_tally_sum(&s->skipped_types) - s->n_no_magnitude - s->n_no_preferred -
           s->n_no_place;
}

/* A list of types may only add magnitudes, and "all" only events. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const etas_catalog_options options[] = {
        {.format = ETAS_CATALOG_QUAKEML},
        {.format = ETAS_CATALOG_QUAKEML, .magnitude_types = "Mw,ML"},
        {.format = ETAS_CATALOG_QUAKEML, .magnitude_types = "Mw,ML", .event_types = "all"}};
    const etas_catalog_bytes from = {"input", size, (const char *)data};
    size_t n = 0;

    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
        etas_catalog c = {0};
        etas_catalog_summary summary;
        etas_error err = {0};

        if (etas_catalog_read(&c, &from, &options[k], &summary, &err) != ETAS_OK) {
            if (err.code == ETAS_OK || err.text[0] == '\0' || c.n != 0 || c.time != NULL)
                abort();
            return 0;
        }
        if (c.n < n || c.n != count_of(&summary))
            abort();
        n = c.n;
        for (size_t i = 0; i < c.n; i++) {
            const etas_event e = etas_catalog_row(&c, i);

            check_event(&e);
        }
        etas_catalog_free(&c);
    }
    return 0;
}
