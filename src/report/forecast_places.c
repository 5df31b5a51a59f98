/* Where the events are expected. */
#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "report/forecast_figures.h"
#include "report/map.h"
#include "report/words.h"

enum { MOST_POINTS = 1500 };

/* ---- cells ---- */

typedef struct cells {
    size_t n;
    double *lat, *lon, *value;
    double lowest, highest; /* of those above 0 */
} cells;

static void cells_free(cells *c)
{
    etas_array_free((void **)&c->lat);
    etas_array_free((void **)&c->lon);
    etas_array_free((void **)&c->value);
}

/* Edges are decimals: 0.1 + 0.2 is 0.3. */
static double decimal(double degrees)
{
    return floor(degrees * 1e6 + 0.5) / 1e6;
}

static etas_status cells_make(cells *c, const etas_report_map *map)
{
    const size_t all = (size_t)map->n_lat * map->n_lon;

    *c = (cells){.lowest = INFINITY};
    if (etas_array_alloc((void **)&c->lat, all, sizeof *c->lat) != ETAS_OK ||
        etas_array_alloc((void **)&c->lon, all, sizeof *c->lon) != ETAS_OK ||
        etas_array_alloc((void **)&c->value, all, sizeof *c->value) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < all; i++) {
        const size_t row = i % map->n_lat, column = i / map->n_lat;

        if (isnan(map->rate[i]))
            continue;
        c->lat[c->n] = decimal(map->lat0 + (double)row * map->dlat);
        c->lon[c->n] = decimal(map->lon0 + (double)column * map->dlon);
        c->value[c->n++] = map->rate[i];
        if (map->rate[i] > 0) {
            c->lowest = fmin(c->lowest, map->rate[i]);
            c->highest = fmax(c->highest, map->rate[i]);
        }
    }
    return ETAS_OK;
}

static etas_status cells_csv(const cells *c, const etas_report_map *map, etas_text *csv)
{
    etas_status st = etas_text_printf(csv, "lon_min,lon_max,lat_min,lat_max,rate\n");

    for (size_t i = 0; i < c->n && st == ETAS_OK; i++)
        st = etas_csv_row(csv, NULL, 5,
                          (double[]){c->lon[i], decimal(c->lon[i] + map->dlon), c->lat[i],
                                     decimal(c->lat[i] + map->dlat), c->value[i]});
    return st;
}

/* ---- past events ---- */

typedef struct past {
    double lat, lon, weight;
} past;

static int by_weight(const void *a, const void *b)
{
    const past *const x = a, *const y = b;

    return (y->weight > x->weight) - (y->weight < x->weight);
}

/* Each event's share of the children that the history is expected to have, from the table that
 * parents are drawn by. */
static etas_status past_make(past **out, const etas_plan_history *h)
{
    const etas_status st = etas_array_alloc((void **)out, h->n, sizeof **out);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < h->n; i++) {
        (*out)[i].lat = h->lat[i];
        (*out)[i].lon = h->lon[i];
    }
    for (size_t i = 0; i < h->parents.n && i < h->n; i++) {
        (*out)[i].weight += h->parents.keep[i];
        (*out)[h->parents.other[i]].weight += 1 - h->parents.keep[i];
    }
    qsort(*out, h->n, sizeof **out, by_weight);
    return ETAS_OK;
}

/* Longitudes of a map may run beyond 180 degrees. */
static double on_map(double lon, const etas_span *span)
{
    while (lon < span->low)
        lon += 360;
    while (lon > span->high && lon - 360 >= span->low)
        lon -= 360;
    return lon;
}

static etas_status draw_past(etas_map *map, const etas_map_spec *spec, const etas_plan_history *h)
{
    double lat[MOST_POINTS], lon[MOST_POINTS], radius[MOST_POINTS];
    past *events = NULL;
    const etas_status st = past_make(&events, h);
    size_t n = 0;

    for (size_t i = 0; st == ETAS_OK && i < h->n && i < MOST_POINTS; i++) {
        lat[n] = events[i].lat;
        lon[n] = on_map(events[i].lon, &spec->lon);
        radius[n++] = 0.8 + 5 * sqrt(events[i].weight / fmax(events[0].weight, 1e-300));
    }
    etas_map_points_draw(map, &(etas_map_points){n, lat, lon, radius},
                         &(etas_pen){.stroke = ETAS_INK_TEXT, .width = 0.7, .opacity = 0.75});
    etas_array_free((void **)&events);
    return st;
}

static etas_status draw_seen(etas_map *map, const etas_map_spec *spec,
                             const etas_report_observed *seen)
{
    const size_t n = seen->n < 10 * MOST_POINTS ? seen->n : 10 * MOST_POINTS;
    double *lon = NULL, *radius = NULL;
    etas_status st = etas_array_alloc((void **)&lon, n, sizeof *lon);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&radius, n, sizeof *radius);
    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        lon[i] = on_map(seen->lon[i], &spec->lon);
        radius[i] = fmax(2.5, 2.5 + 1.5 * (seen->mag[i] - seen->mag[0]));
        radius[i] = fmin(radius[i], 12);
    }
    if (st == ETAS_OK)
        etas_map_points_draw(map, &(etas_map_points){n, seen->lat, lon, radius},
                             &(etas_pen){.stroke = ETAS_INK_2, .width = 2});
    etas_array_free((void **)&lon);
    etas_array_free((void **)&radius);
    return st;
}

/* ---- */

static void say(const etas_forecast_shown *shown, const cells *c, etas_figure *out)
{
    const etas_report_forecast *const f = shown->forecast;
    const size_t n_past = f->model->plan[0].history.n;
    char window[ETAS_WORDS], lowest[ETAS_WORDS], highest[ETAS_WORDS], past_text[ETAS_WORDS];
    size_t len = etas_format(
        sizeof out->text, out->text,
        "Mean number of simulated earthquakes of magnitude %g or larger in %s per cell of "
        "%g\xc2\xb0 by %g\xc2\xb0",
        f->threshold, etas_words_days(f->axes.horizon_days[f->axes.n_horizons - 1], window),
        f->map.dlat, f->map.dlon);

    if (c->highest > 0)
        len += etas_format(sizeof out->text - len, out->text + len,
                           ": from %s to %s; cells without colour had none.",
                           etas_words_number(c->lowest, lowest),
                           etas_words_number(c->highest, highest));
    else
        len += etas_format(sizeof out->text - len, out->text + len, ": no cell had any.");
    if (n_past > MOST_POINTS)
        len +=
            etas_format(sizeof out->text - len, out->text + len,
                        " Thin circles are past earthquakes, the larger the more aftershocks are "
                        "expected of them: the %d of %s with the most.",
                        (int)MOST_POINTS, etas_words_count(n_past, past_text));
    else if (n_past > 0)
        len +=
            etas_format(sizeof out->text - len, out->text + len,
                        " Thin circles are past earthquakes, the larger the more aftershocks are "
                        "expected of them.");
    if (shown->observed != NULL)
        (void)etas_format(sizeof out->text - len, out->text + len,
                          shown->observed->n > 0
                              ? " Orange circles were observed in the window of the forecast."
                              : " Nothing was observed.");
}

static void set_spans(etas_map_spec *spec, const etas_report_forecast *f)
{
    const etas_report_map *const m = &f->map;

    spec->lat = (etas_span){fmax(m->lat0, -90), fmin(m->lat0 + m->n_lat * m->dlat, 90)};
    spec->lon = (etas_span){m->lon0, fmin(m->lon0 + m->n_lon * m->dlon, m->lon0 + 360)};
    for (size_t i = 0; i < f->model->n; i++) {
        const etas_region *const r = &f->model->plan[i].region;

        if (r->n_rings == 0 || r->lon_max < spec->lon.low || r->lon_min > spec->lon.high)
            continue;
        spec->lat.low = fmin(spec->lat.low, r->lat_min);
        spec->lat.high = fmax(spec->lat.high, r->lat_max);
        spec->lon.low = fmin(spec->lon.low, r->lon_min);
        spec->lon.high = fmax(spec->lon.high, r->lon_max);
    }
    if (spec->lon.high - spec->lon.low < 350) {
        spec->lat = etas_span_pad(spec->lat, ETAS_SCALE_LINEAR, 0.02);
        spec->lon = etas_span_pad(spec->lon, ETAS_SCALE_LINEAR, 0.02);
        spec->lat = (etas_span){fmax(spec->lat.low, -90), fmin(spec->lat.high, 90)};
    }
}

static etas_status draw(const etas_forecast_shown *shown, const cells *c, etas_figure *out,
                        etas_error *err)
{
    const etas_report_forecast *const f = shown->forecast;
    const etas_report_map *const m = &f->map;
    const etas_plan_history *const history = &f->model->plan[0].history;
    etas_span rates = {c->lowest, c->highest};
    const etas_colour_scale colours = {"earthquakes per cell", ETAS_SCALE_LOG,
                                       etas_span_pad(rates, ETAS_SCALE_LOG, 0)};
    const etas_legend_item legend[] = {
        {"past", ETAS_MARK_DOT, {.stroke = ETAS_INK_TEXT}},
        {"observed", ETAS_MARK_DOT, {.stroke = ETAS_INK_2, .width = 2}}};
    const bool seen = shown->observed != NULL && shown->observed->n > 0;
    etas_map_spec spec = {.title = out->title,
                          .legend = legend + (history->n == 0),
                          .n_legend = (size_t)(history->n > 0) + seen,
                          .colours = c->highest > 0 ? &colours : NULL};
    etas_svg_head head;
    etas_svg svg;
    etas_map map;
    etas_status st = ETAS_OK;

    set_spans(&spec, f);
    head = etas_figure_head(out, shown->theme, ETAS_FIGURE_WIDTH,
                            etas_map_height(&spec, ETAS_FIGURE_WIDTH, shown->theme));
    etas_svg_begin(&svg, &head, &out->svg);
    etas_map_begin(&map, &svg, &spec);
    if (c->highest > 0)
        etas_map_cells_draw(
            &map, &(etas_map_cells){c->n, c->lat, c->lon, c->value, m->dlat, m->dlon}, &colours);
    for (size_t i = 0; i < f->model->n; i++)
        etas_map_region(&map, &f->model->plan[i].region,
                        &(etas_pen){.stroke = ETAS_INK_TEXT, .width = 1.5});
    if (history->n > 0)
        st = draw_past(&map, &spec, history);
    if (seen && st == ETAS_OK)
        st = draw_seen(&map, &spec, shown->observed);
    etas_map_end(&map);
    return st == ETAS_OK ? etas_svg_end(&svg, err)
                         : etas_fail(err, st, "out of memory for a figure");
}

etas_status etas_forecast_draw_map(const etas_forecast_shown *shown, etas_figure *out,
                                   etas_error *err)
{
    const etas_report_map *const map = &shown->forecast->map;
    cells c = {0};
    etas_status st = cells_make(&c, map);

    (void)etas_format(sizeof out->name, out->name, "map");
    (void)etas_format(sizeof out->title, out->title, "Where they are expected");
    if (st == ETAS_OK)
        st = cells_csv(&c, map, &out->csv);
    if (st != ETAS_OK)
        st = etas_fail(err, st, "out of memory for a figure");
    if (st == ETAS_OK) {
        say(shown, &c, out);
        st = draw(shown, &c, out, err);
    }
    cells_free(&c);
    return st;
}
