/* Simulated catalogues as text. A run of billions of rows passes through here, so numbers are
 * written eight digits at a time into a block, without printf and with few branches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "etas/time.h"
#include "io/digits.h"
#include "io/forecast_writer.h"

enum { BLOCK = 1 << 18, LONGEST_ROW = 256, N_DATES = 512, DATE = 11, TAIL = 32 };

static const uint64_t US_PER_DAY = UINT64_C(86400000000), US_PER_S = 1000000;

/** A date and the separator behind it. */
typedef struct date {
    int64_t day; /**< since 1970 */
    char text[16];
} date;

typedef struct block {
    FILE *out;
    const etas_forecast_spec *cfg;
    int64_t start_day; /**< of the window, since 1970 */
    uint64_t start_us; /**< of the window, since that day's midnight */
    uint64_t last_ms;  /**< since the window's start */
    uint64_t event_id; /**< of the next event */
    const etas_events *events;
    uint64_t first_id; /**< of the catalogue's first event */
    char tail[TAIL];   /**< what ends its rows */
    size_t tail_len;
    size_t len;
    date dates[N_DATES];
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

/* ---- fields: each returns its end ---- */

static uint32_t put_sign(char **at, int32_t value)
{
    if (value >= 0)
        return (uint32_t)value;
    *(*at)++ = '-';
    return 0u - (uint32_t)value;
}

/* The last 8 digits of a number; the others are put, or @p most leading zeros of the 8 counted. */
static uint64_t put_first(char **at, uint32_t value, unsigned most, unsigned *zeros)
{
    const uint64_t digits = etas_digits_of(value % ETAS_DIGITS_8);

    *zeros = etas_digits_zeros(digits, most);
    if (value >= ETAS_DIGITS_8) {
        *at = etas_digits_put(*at, value / ETAS_DIGITS_8);
        *zeros = 0;
    }
    return digits;
}

static char *put_degrees(char *at, int32_t units)
{
    unsigned zeros;
    const uint32_t value = put_sign(&at, units);
    const uint64_t digits = put_first(&at, value, 1, &zeros);

    etas_digits_store(at, digits >> 8 * zeros);
    at += 2 - zeros;
    *at++ = '.';
    etas_digits_store(at, digits >> 16);
    return at + 6;
}

/* 1e-4 magnitudes with the fewest decimals that hold them. */
static char *put_magnitude(char *at, int32_t units)
{
    unsigned zeros;
    const uint32_t value = put_sign(&at, units);
    const uint64_t digits = put_first(&at, value, 3, &zeros);
    const uint64_t fraction = (digits >> 32) & UINT64_C(0x0f0f0f0f);
    const unsigned decimals = 7 - (unsigned)__builtin_clzll(fraction << 8 | 0x80) / 8;

    etas_digits_store(at, digits >> 8 * zeros);
    at += 4 - zeros;
    *at = '.';
    etas_digits_store(at + 1, digits >> 32);
    return decimals > 0 ? at + 1 + decimals : at;
}

static const char *date_of(block *b, int64_t day, char separator)
{
    date *const slot = &b->dates[(size_t)day % N_DATES];

    if (slot->day != day) {
        char text[32];

        etas_time_format(day * ETAS_NS_PER_DAY, separator, text);
        memcpy(slot->text, text, DATE);
        slot->day = day;
    }
    return slot->text;
}

static char *put_time(block *b, char *at, uint64_t ms, char separator)
{
    const uint64_t us = b->start_us + ms * 1000, day = us / US_PER_DAY, rest = us % US_PER_DAY;
    const uint32_t s = (uint32_t)(rest / US_PER_S), fraction = (uint32_t)(rest % US_PER_S);
    /* hh, 0mm, 0ss: the zeros become colons, the second leading zero of the microseconds a point */
    const uint64_t clock = etas_digits_of(s / 3600 * 1000000 + s / 60 % 60 * 1000 + s % 60) +
                           ((uint64_t)(':' - '0') << 16 | (uint64_t)(':' - '0') << 40);
    const uint64_t decimals = (etas_digits_of(fraction) >> 8) - ('0' - '.');

    memcpy(at, date_of(b, b->start_day + (int64_t)day, separator), sizeof((date *)0)->text);
    etas_digits_store(at + DATE, clock);
    etas_digits_store(at + DATE + 8, decimals);
    return at + DATE + 8 + 7;
}

static char *put_word(char *at, const char *word, size_t len)
{
    memcpy(at, word, len);
    return at + len;
}

static char *put_tail(const block *b, char *at)
{
    memcpy(at, b->tail, TAIL);
    return at + b->tail_len;
}

/* parent,parent_source, */
static char *put_parent(const block *b, char *at, int32_t parent)
{
    if (parent >= 0)
        at = etas_digits_put(at, b->first_id + (uint64_t)parent);
    *at++ = ',';
    if (parent <= -2)
        at = etas_digits_put(at, (uint64_t)(-2 - (int64_t)parent));
    *at++ = ',';
    return at;
}

/* ---- rows ---- */

/* lon,lat,mag,time_string,depth,catalog_id,event_id */
static char *put_csep(block *b, char *at, size_t i)
{
    at = put_degrees(at, b->events->lon[i]);
    *at++ = ',';
    at = put_degrees(at, b->events->lat[i]);
    *at++ = ',';
    at = put_magnitude(at, b->events->mag[i]);
    *at++ = ',';
    at = put_time(b, at, b->events->time_ms[i], 'T');
    at = put_tail(b, at);
    at = etas_digits_put(at, b->event_id);
    *at++ = '\n';
    return at;
}

/* id,latitude,longitude,magnitude,time[,is_background][,generation][,parent,parent_source],
 * catalog_id */
static char *put_reference(block *b, char *at, size_t i)
{
    at = etas_digits_put(at, b->event_id);
    *at++ = ',';
    at = put_degrees(at, b->events->lat[i]);
    *at++ = ',';
    at = put_degrees(at, b->events->lon[i]);
    *at++ = ',';
    at = put_magnitude(at, b->events->mag[i]);
    *at++ = ',';
    at = put_time(b, at, b->events->time_ms[i], ' ');
    *at++ = ',';
    if (b->cfg->with_is_background)
        at = b->events->generation[i] == 0 ? put_word(at, "True,", 5) : put_word(at, "False,", 6);
    if (b->cfg->with_generation) {
        at = etas_digits_put(at, b->events->generation[i]);
        *at++ = ',';
    }
    if (b->cfg->with_parent)
        at = put_parent(b, at, b->events->parent[i]);
    return put_tail(b, at);
}

/* pyCSEP counts the catalogues by their ids, so an empty one must have a row. */
static char *put_empty(char *at, uint64_t catalog_id)
{
    at = etas_digits_put(put_word(at, ",,,,,", 5), catalog_id);
    return put_word(at, ",\n", 2);
}

static void set_tail(block *b, uint64_t catalog_id)
{
    const bool csep = b->cfg->format == ETAS_FORMAT_CSEP;
    char *const id = csep ? put_word(b->tail, ",0,", 3) : b->tail;
    char *const end = etas_digits_put(id, catalog_id);

    *end = csep ? ',' : '\n';
    b->tail_len = (size_t)(end + 1 - b->tail);
}

/* The n events from @p first on, which are one catalogue. */
static etas_status write_catalog(block *b, size_t first, size_t n, uint64_t catalog_id,
                                 etas_error *err)
{
    const bool csep = b->cfg->format == ETAS_FORMAT_CSEP;

    b->first_id = b->event_id;
    set_tail(b, catalog_id);
    for (size_t i = first; i < first + n; i++) {
        char *at;

        if (b->len > BLOCK - LONGEST_ROW && flush(b, err) != ETAS_OK)
            return ETAS_E_IO;
        if (b->events->time_ms[i] > b->last_ms)
            return etas_fail(err, ETAS_E_RANGE, "catalogue %llu: %llu ms is beyond the year 2261",
                             (unsigned long long)catalog_id,
                             (unsigned long long)b->events->time_ms[i]);
        at = b->bytes + b->len;
        at = csep ? put_csep(b, at, i) : put_reference(b, at, i);
        b->len = (size_t)(at - b->bytes);
        b->event_id++;
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
    uint64_t catalog_id = part->catalog_id;
    size_t first = etas_forecast_part_first(part);
    etas_status st = ETAS_OK;

    if (b->cfg->with_parent && !events->with_parents)
        return etas_fail(err, ETAS_E_CORRUPT, "the events of catalogue %llu come without parents",
                         (unsigned long long)part->catalog_id);
    b->events = events;
    for (size_t i = part->at; st == ETAS_OK && i < part->at + part->count; i++, catalog_id++) {
        if (events->count[i] > 0)
            st = write_catalog(b, first, events->count[i], catalog_id, err);
        else if (b->cfg->format == ETAS_FORMAT_CSEP)
            st = write_empty(b, catalog_id, err);
        first += events->count[i];
    }
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
            etas_format(BLOCK, b->bytes, "id,latitude,longitude,magnitude,time%s%s%s,catalog_id\n",
                        b->cfg->with_is_background ? ",is_background" : "",
                        b->cfg->with_generation ? ",generation" : "",
                        b->cfg->with_parent ? ",parent,parent_source" : "");
}

static void set_window(block *b, etas_time start)
{
    const etas_time of_day = start % ETAS_NS_PER_DAY;
    const bool before = of_day < 0;

    b->start_day = start / ETAS_NS_PER_DAY - before;
    b->start_us = (uint64_t)(of_day + (before ? ETAS_NS_PER_DAY : 0)) / 1000;
    b->last_ms = ((uint64_t)INT64_MAX - (uint64_t)start) / (uint64_t)ETAS_NS_PER_MS;
}

static etas_status csv_open(void **self, const etas_forecast_target *to, etas_error *err)
{
    block *const b = malloc(sizeof *b);

    *self = b;
    if (b == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a forecast file");
    b->out = to->stream;
    b->cfg = to->spec;
    b->event_id = 0;
    set_window(b, to->about->model->plan[0].start);
    for (size_t i = 0; i < N_DATES; i++)
        b->dates[i].day = INT64_MIN;
    memset(b->tail, 0, TAIL);
    put_header(b);
    return ETAS_OK;
}

const etas_forecast_writer etas_forecast_csv = {
    .open = csv_open, .take = csv_take, .finish = csv_finish, .close = csv_close};
