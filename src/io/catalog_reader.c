#include "io/catalog_reader.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "etas/text.h"

etas_status etas_catalog_fail(const etas_catalog_reader *r, const etas_place *at, etas_status code,
                              const char *fmt, ...)
{
    char text[sizeof r->err->text];
    va_list ap;

    va_start(ap, fmt);
    etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    etas_fail(r->err, code, "%s", text);
    (void)etas_error_in_file(r->err, r->name);
    (void)etas_error_at_line(r->err, at->line, at->column);
    if (at->key != NULL)
        (void)etas_error_in_key(r->err, at->key);
    return code;
}

const char *etas_excerpt(size_t len, const char text[], char out[ETAS_EXCERPT])
{
    const size_t most = ETAS_EXCERPT - 4;
    size_t n = len < most ? len : most;

    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    if (len > most)
        for (; n < most + 3; n++)
            out[n] = '.';
    out[n] = '\0';
    return out;
}

etas_status etas_catalog_check(const etas_catalog_reader *r, const etas_place *at, double value,
                               double low, double high)
{
    if (isfinite(value) && value >= low && value <= high)
        return ETAS_OK;
    return etas_catalog_fail(r, at, ETAS_E_RANGE, "%g is outside [%g, %g]", value, low, high);
}

etas_status etas_catalog_check_lat(const etas_catalog_reader *r, const etas_place *at, double value)
{
    return etas_catalog_check(r, at, value, -90, 90);
}

etas_status etas_catalog_check_lon(const etas_catalog_reader *r, const etas_place *at, double value)
{
    return etas_catalog_check(r, at, value, -180, 360);
}

/* As in catalogue CSV: real events lie between -5 and 10, the rest are fill values. */
etas_status etas_catalog_check_mag(const etas_catalog_reader *r, const etas_place *at, double value)
{
    return etas_catalog_check(r, at, value, -10, 12);
}

etas_status etas_catalog_check_depth(const etas_catalog_reader *r, const etas_place *at,
                                     double value)
{
    if (!isinf(value))
        return ETAS_OK;
    return etas_catalog_fail(r, at, ETAS_E_RANGE, "%g is not a finite number", value);
}

etas_event etas_event_blank(void)
{
    return (etas_event){.time = ETAS_TIME_NONE,
                        .lat = NAN,
                        .lon = NAN,
                        .mag = NAN,
                        .mc = NAN,
                        .depth = NAN,
                        .x = NAN,
                        .y = NAN,
                        .z = NAN,
                        .covariate = NAN,
                        .id = ""};
}

/* ---- lists of names ---- */

/* The next name of a list, without the spaces round it; false behind the last. */
static bool next_name(const char **at, const char **name, size_t *len)
{
    const char *end;

    if (*at == NULL)
        return false;
    *name = *at + strspn(*at, " ");
    end = strchr(*name, ',');
    *len = end != NULL ? (size_t)(end - *name) : strlen(*name);
    *at = end != NULL ? end + 1 : NULL;
    while (*len > 0 && (*name)[*len - 1] == ' ')
        --*len;
    return true;
}

size_t etas_list_find(const char *list, size_t len, const char name[])
{
    const char *word;
    size_t n, i = 0;

    while (next_name(&list, &word, &n)) {
        if (n > 0 && n == len && strncasecmp(word, name, n) == 0)
            return i;
        i += n > 0;
    }
    return SIZE_MAX;
}

size_t etas_list_length(const char *list)
{
    const char *word;
    size_t n, count = 0;

    while (next_name(&list, &word, &n))
        count += n > 0;
    return count;
}

/* ---- counting and keeping ---- */

static void count_name(etas_tally *self, size_t len, const char name[])
{
    char shown[ETAS_EXCERPT];
    size_t i;

    (void)etas_excerpt(len, name, shown);
    shown[ETAS_TALLY_LENGTH - 1] = '\0';
    for (i = 0; i < self->n; i++)
        if (strcmp(self->entry[i].name, shown) == 0)
            break;
    if (i == ETAS_TALLY_NAMES)
        etas_format(ETAS_TALLY_LENGTH, self->entry[--i].name, "others");
    if (i == self->n)
        etas_format(ETAS_TALLY_LENGTH, self->entry[self->n++].name, "%s", shown);
    self->entry[i].count++;
}

bool etas_catalog_keeps(const etas_catalog_reader *r, size_t len, const char type[])
{
    const char *kept =
        r->options->event_types != NULL ? r->options->event_types : "earthquake,none";

    r->summary->n_events++;
    if (len == 0) {
        type = "none";
        len = strlen(type);
    }
    if (etas_list_find(kept, strlen("all"), "all") != SIZE_MAX ||
        etas_list_find(kept, len, type) != SIZE_MAX)
        return true;
    count_name(&r->summary->skipped_types, len, type);
    return false;
}

etas_status etas_catalog_keep(const etas_catalog_reader *r, const etas_event *event, size_t len,
                              const char magnitude_type[])
{
    etas_event e = *event;
    char number[24];
    etas_status st;

    if (e.id_len == 0) {
        e.id_len = etas_format(sizeof number, number, "%zu", r->summary->n_events - 1);
        e.id = number;
    }
    st = etas_catalog_append(r->out, &e);
    if (st != ETAS_OK)
        return etas_fail(r->err, st, "out of memory after %zu events", r->out->n);
    if (len > 0)
        count_name(&r->summary->magnitude_types, len, magnitude_type);
    return ETAS_OK;
}

size_t etas_tally_sum(const etas_tally *self)
{
    size_t sum = 0;

    for (size_t i = 0; i < self->n; i++)
        sum += self->entry[i].count;
    return sum;
}

size_t etas_tally_print(const etas_tally *self, size_t capacity, char out[])
{
    size_t used = etas_format(capacity, out, "%s", "");

    for (size_t i = 0; i < self->n && used + 1 < capacity; i++)
        used += etas_format(capacity - used, out + used, "%s%zu %s", i > 0 ? ", " : "",
                            self->entry[i].count, self->entry[i].name);
    return used;
}
