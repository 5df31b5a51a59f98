/* Simulated catalogues as text. A run of billions of rows passes through here, so numbers are
 * written digit by digit into a block, without printf. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "etas/time.h"
#include "io/forecast_writer.h"

enum { BLOCK = 1 << 16, LONGEST_ROW = 192, N_DATES = 512 };

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343"
    "53637383940414243444546474849505152535455565758596061626364656667686970"
    "717273747576777879808182838485868788899091929394959697989"
    "9";

typedef struct block {
    FILE *out;
    const etas_forecast_spec *cfg;
    etas_time window_start;
    uint64_t event_id; /**< of the next event */
    const etas_events *events;
    size_t len;
    int64_t day[N_DATES]; /**< whose date is in the slot */
    char date[N_DATES][10];
    char bytes[BLOCK];
} block;

static etas_status flush(block *b, etas_error *err)
{
    errno = 0;
    if (b->len > 0 && fwrite(b->bytes, 1, b->len, b->out) != b->len)
        return etas_fail(err, ETAS_E_IO, "the forecast cannot be written: %s",
                         strerror(errno != 0 ? errno : EIO));
    b->len = 0;
    return ETAS_OK;
}

static char *put_2(char *at, uint32_t value)
{
    memcpy(at, pairs + 2 * value, 2);
    return at + 2;
}

static char *put_6(char *at, uint32_t value)
{
    at = put_2(at, value / 10000);
    at = put_2(at, value / 100 % 100);
    return put_2(at, value % 100);
}

static char *put_u64(char *at, uint64_t value)
{
    char digits[20];
    size_t n = sizeof digits;

    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    memcpy(at, digits + n, sizeof digits - n);
    return at + (sizeof digits - n);
}

static uint32_t put_sign(char **at, int32_t value)
{
    if (value >= 0)
        return (uint32_t)value;
    *(*at)++ = '-';
    return 0u - (uint32_t)value;
}

static char *put_degrees(char *at, int32_t units)
{
    const uint32_t value = put_sign(&at, units);

    at = put_u64(at, value / 1000000);
    *at++ = '.';
    return put_6(at, value % 1000000);
}

/* 1e-4 magnitudes with the fewest decimals that hold them. */
static char *put_magnitude(char *at, int32_t units)
{
    const uint32_t value = put_sign(&at, units), rest = value % 10000;

    at = put_u64(at, value / 10000);
    if (rest == 0)
        return at;
    *at++ = '.';
    at = put_2(at, rest / 100);
    at = put_2(at, rest % 100);
    while (at[-1] == '0')
        at--;
    return at;
}

static char *put_time(block *b, char *at, etas_time t, char separator)
{
    int64_t day = t / ETAS_NS_PER_DAY, ns = t % ETAS_NS_PER_DAY;
    uint32_t seconds;
    size_t slot;

    if (ns < 0) {
        ns += ETAS_NS_PER_DAY;
        day--;
    }
    slot = (size_t)day % N_DATES;
    if (b->day[slot] != day) {
        char text[32];

        etas_time_format(day * ETAS_NS_PER_DAY, separator, text);
        memcpy(b->date[slot], text, sizeof b->date[slot]);
        b->day[slot] = day;
    }
    memcpy(at, b->date[slot], sizeof b->date[slot]);
    at += sizeof b->date[slot];
    seconds = (uint32_t)(ns / ETAS_NS_PER_S);
    *at++ = separator;
    at = put_2(at, seconds / 3600);
    *at++ = ':';
    at = put_2(at, seconds / 60 % 60);
    *at++ = ':';
    at = put_2(at, seconds % 60);
    *at++ = '.';
    return put_6(at, (uint32_t)(ns % ETAS_NS_PER_S / 1000));
}

typedef struct row {
    etas_time time;
    int32_t lat, lon, mag;
    uint16_t generation;
    uint64_t catalog_id, event_id;
} row;

/* lon,lat,mag,time_string,depth,catalog_id,event_id */
static char *put_csep(block *b, char *at, const row *e)
{
    at = put_degrees(at, e->lon);
    *at++ = ',';
    at = put_degrees(at, e->lat);
    *at++ = ',';
    at = put_magnitude(at, e->mag);
    *at++ = ',';
    at = put_time(b, at, e->time, 'T');
    memcpy(at, ",0,", 3);
    at = put_u64(at + 3, e->catalog_id);
    *at++ = ',';
    at = put_u64(at, e->event_id);
    *at++ = '\n';
    return at;
}

/* id,latitude,longitude,magnitude,time[,is_background][,generation],catalog_id */
static char *put_reference(block *b, char *at, const row *e)
{
    at = put_u64(at, e->event_id);
    *at++ = ',';
    at = put_degrees(at, e->lat);
    *at++ = ',';
    at = put_degrees(at, e->lon);
    *at++ = ',';
    at = put_magnitude(at, e->mag);
    *at++ = ',';
    at = put_time(b, at, e->time, ' ');
    *at++ = ',';
    if (b->cfg->with_is_background) {
        const char *word = e->generation == 0 ? "True," : "False,";

        memcpy(at, word, strlen(word));
        at += strlen(word);
    }
    if (b->cfg->with_generation) {
        at = put_u64(at, e->generation);
        *at++ = ',';
    }
    at = put_u64(at, e->catalog_id);
    *at++ = '\n';
    return at;
}

/* pyCSEP counts the catalogues by their ids, so an empty one must have a row. */
static char *put_empty(char *at, uint64_t catalog_id)
{
    memcpy(at, ",,,,,", 5);
    at = put_u64(at + 5, catalog_id);
    memcpy(at, ",\n", 2);
    return at + 2;
}

/* The n events from @p first on, which are one catalogue. */
static etas_status write_catalog(block *b, size_t first, size_t n, row *e, etas_error *err)
{
    const uint64_t start = (uint64_t)b->window_start, ns_per_ms = (uint64_t)ETAS_NS_PER_MS;
    const uint64_t last_ms = ((uint64_t)INT64_MAX - start) / ns_per_ms;

    for (size_t i = first; i < first + n; i++) {
        char *at;

        if (b->len > BLOCK - LONGEST_ROW && flush(b, err) != ETAS_OK)
            return ETAS_E_IO;
        if (b->events->time_ms[i] > last_ms)
            return etas_fail(err, ETAS_E_RANGE, "catalogue %llu: %llu ms is beyond the year 2261",
                             (unsigned long long)e->catalog_id,
                             (unsigned long long)b->events->time_ms[i]);
        /* unsigned: the sum fits, the product alone need not when the start lies before 1970 */
        e->time = (etas_time)(start + b->events->time_ms[i] * ns_per_ms);
        e->lat = b->events->lat[i];
        e->lon = b->events->lon[i];
        e->mag = b->events->mag[i];
        e->generation = b->events->generation[i];
        at = b->bytes + b->len;
        at = b->cfg->format == ETAS_FORMAT_CSEP ? put_csep(b, at, e) : put_reference(b, at, e);
        b->len = (size_t)(at - b->bytes);
        e->event_id++;
    }
    return ETAS_OK;
}

static etas_status write_empty(block *b, uint64_t catalog_id, etas_error *err)
{
    if (b->len > BLOCK - LONGEST_ROW && flush(b, err) != ETAS_OK)
        return ETAS_E_IO;
    b->len = (size_t)(put_empty(b->bytes + b->len, catalog_id) - b->bytes);
    return ETAS_OK;
}

static etas_status csv_take(void *self, const etas_forecast_part *part, etas_error *err)
{
    block *const b = self;
    const etas_events *events = part->events;
    row e = {.catalog_id = part->catalog_id, .event_id = b->event_id};
    size_t first = 0;
    etas_status st = ETAS_OK;

    b->events = events;
    for (size_t i = 0; i < part->at; i++)
        first += events->count[i];
    for (size_t i = part->at; st == ETAS_OK && i < part->at + part->count; i++, e.catalog_id++) {
        if (events->count[i] > 0)
            st = write_catalog(b, first, events->count[i], &e, err);
        else if (b->cfg->format == ETAS_FORMAT_CSEP)
            st = write_empty(b, e.catalog_id, err);
        first += events->count[i];
    }
    b->event_id = e.event_id;
    return st;
}

static etas_status csv_finish(void *self, etas_error *err)
{
    return flush(self, err);
}

static void csv_close(void *self)
{
    free(self);
}

static void put_header(block *b)
{
    const bool csep = b->cfg->format == ETAS_FORMAT_CSEP;

    if (csep)
        b->len =
            etas_format(BLOCK, b->bytes, "lon,lat,mag,time_string,depth,catalog_id,event_id\n");
    else
        b->len =
            etas_format(BLOCK, b->bytes, "id,latitude,longitude,magnitude,time%s%s,catalog_id\n",
                        b->cfg->with_is_background ? ",is_background" : "",
                        b->cfg->with_generation ? ",generation" : "");
}

static etas_status csv_open(void **self, const etas_forecast_target *to, etas_error *err)
{
    block *const b = malloc(sizeof *b);

    *self = b;
    if (b == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a forecast file");
    b->out = to->stream;
    b->cfg = to->spec;
    b->window_start = to->about->model->plan[0].start;
    b->event_id = 0;
    for (size_t i = 0; i < N_DATES; i++)
        b->day[i] = INT64_MIN;
    put_header(b);
    return ETAS_OK;
}

const etas_forecast_writer etas_forecast_csv = {
    .open = csv_open, .take = csv_take, .finish = csv_finish, .close = csv_close};
