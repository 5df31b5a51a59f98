#include <math.h>

#include "catalog_info.h"
#include "watch.h"

static json_t *count(size_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *time_text(etas_time t)
{
    char text[32];

    etas_time_format(t, 'T', text);
    return json_string(text);
}

static json_t *tally(const etas_tally *t)
{
    json_t *const out = json_object();

    for (size_t i = 0; i < t->n; i++)
        (void)json_object_set_new(out, t->entry[i].name, count(t->entry[i].count));
    return out;
}

static void put_extent(json_t *out, const char *name, size_t n, const double values[])
{
    const catalog_extent e = catalog_extent_of(n, values);

    if (e.n_unknown < n)
        (void)json_object_set_new(
            out, name,
            json_pack("{s:f,s:f,s:o}", "min", e.low, "max", e.high, "unknown", count(e.n_unknown)));
}

static json_t *test(const etas_completeness_test *t)
{
    if (isnan(t->mc))
        return json_null();
    return json_pack("{s:f,s:o,s:o,s:o,s:o,s:o}", "mc", t->mc, "n", count(t->n), "b_value",
                     number(t->b_value), "b_error", number(t->b_error), "ks", number(t->ks), "p",
                     number(t->p));
}

/* Null for bytes that are no UTF-8. */
static json_t *id_of(const etas_catalog *c, size_t row)
{
    const etas_event e = etas_catalog_row(c, row);
    json_t *const text = json_stringn(e.id, e.id_len);

    return text != NULL ? text : json_null();
}

static json_t *duplicates(const etas_catalog *c, const catalog_survey *s)
{
    json_t *const list = json_array();

    for (size_t i = 0; i < s->n_listed; i++) {
        const survey_pair *const p = &s->pair[i];

        (void)json_array_append_new(
            list, json_pack("{s:o,s:o,s:o,s:f,s:f,s:f}", "time", time_text(c->time[p->first]),
                            "first", id_of(c, p->first), "second", id_of(c, p->second), "seconds",
                            p->seconds, "km", p->km, "magnitude_difference",
                            fabs(c->mag[p->first] - c->mag[p->second])));
    }
    return json_pack("{s:o,s:o}", "pairs", count(s->n_pairs), "first", list);
}

static json_t *gaps(const catalog_survey *s)
{
    json_t *const list = json_array();

    for (size_t i = 0; i < s->n_gaps; i++)
        (void)json_array_append_new(
            list, json_pack("{s:o,s:o,s:f,s:f}", "from", time_text(s->gap[i].from), "to",
                            time_text(s->gap[i].to), "days", s->gap[i].days, "p", s->gap[i].p));
    return list;
}

static json_t *histogram(const catalog_survey *s)
{
    json_t *const list = json_array();

    for (size_t k = 0; k < SURVEY_BINS; k++)
        if (s->count[k] > 0)
            (void)json_array_append_new(
                list, json_pack("{s:f,s:o}", "from", SURVEY_BIN_LOW + (double)k * SURVEY_BIN_WIDTH,
                                "n", count(s->count[k])));
    return json_pack("{s:f,s:o}", "width", SURVEY_BIN_WIDTH, "bins", list);
}

static void put_survey(json_t *out, const etas_catalog *c, const catalog_survey *s)
{
    (void)json_object_set_new(out, "time",
                              json_pack("{s:o,s:o,s:b}", "first", time_text(s->first), "last",
                                        time_text(s->last), "in_order", (int)s->sorted));
    put_extent(out, "magnitude", c->n, c->mag);
    put_extent(out, "latitude", c->n, c->lat);
    put_extent(out, "longitude", c->n, c->lon);
    put_extent(out, "depth_km", c->n, c->depth);
    put_extent(out, "mc_current", c->n, c->mc);
    (void)json_object_set_new(out, "magnitude_step", number(s->grid.step));
    (void)json_object_set_new(out, "delta_m", number(s->grid.delta_m));
    (void)json_object_set_new(out, "off_grid_share", number(s->grid.off_share));
    (void)json_object_set_new(out, "histogram", histogram(s));
    (void)json_object_set_new(out, "duplicates", duplicates(c, s));
    (void)json_object_set_new(out, "mean_interval_days", number(s->mean_days));
    (void)json_object_set_new(out, "gaps", gaps(s));
    (void)json_object_set_new(out, "mc_maximum_curvature", test(&s->curvature));
    (void)json_object_set_new(out, "mc_kolmogorov_smirnov", test(&s->ks));
}

etas_status catalog_info_print_json(const etas_catalog *catalog,
                                    const etas_catalog_summary *summary,
                                    const catalog_survey *survey, etas_error *err)
{
    json_t *const out = json_pack(
        "{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "format", etas_catalog_format_name(summary->format),
        "events_in_file", count(summary->n_events), "events", count(catalog->n), "skipped_by_type",
        tally(&summary->skipped_types), "without_magnitude", count(summary->n_no_magnitude),
        "without_preferred_magnitude", count(summary->n_no_preferred), "without_place",
        count(summary->n_no_place), "magnitude_types", tally(&summary->magnitude_types));

    if (out != NULL && survey != NULL)
        put_survey(out, catalog, survey);
    return watch_print_json(0, out, err);
}
