#include <string.h>

#include "etas/codec.h"
#include "etas/text.h"
#include "series.h"

uint64_t series_n_dates(const series_settings *self)
{
    const uint64_t span = (uint64_t)self->to - (uint64_t)self->from;

    return (span - 1) / (uint64_t)self->every + 1;
}

etas_time series_date(const series_settings *self, uint64_t i)
{
    return self->from + (etas_time)i * self->every;
}

uint64_t series_fit_date(const series_settings *self, uint64_t i)
{
    return self->refit_every > 0 ? i - i % self->refit_every : 0;
}

const char *series_date_text(etas_time t, char out[SERIES_DATE])
{
    (void)etas_time_format(t, 'T', out);
    out[sizeof "2021-05-03T00:00:00" - 1] = '\0';
    return out;
}

static uint64_t number_of(const uint8_t bytes[8])
{
    uint64_t out = 0;

    for (int i = 0; i < 8; i++)
        out = out << 8 | bytes[i];
    return out;
}

etas_status series_chance_of(uint64_t seed, etas_time date, series_chance *out, etas_error *err)
{
    char text[64], when[SERIES_DATE];
    uint8_t sha[32];
    etas_status st;

    etas_format(sizeof text, text, "%llu %s", (unsigned long long)seed,
                series_date_text(date, when));
    st = etas_sha256(strlen(text), (const uint8_t *)text, sha);
    if (st != ETAS_OK)
        return etas_fail(err, st, "the seed of %s cannot be made", when);
    out->seed = number_of(sha);
    out->fraction = (double)(number_of(sha + 8) >> 11) * 0x1p-53;
    return ETAS_OK;
}
