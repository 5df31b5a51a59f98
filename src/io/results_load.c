#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/io.h"
#include "io/config_reader.h"
#include "io/csv.h"
#include "io/file.h"

/* Times and magnitudes of a source must be those of its event in the catalogue; both went through
 * text, the reference's through a reader that may err in the last bit. */
static const double SAME_DAYS = 1e-6, SAME_MAGNITUDE = 1e-6;

typedef struct loader {
    etas_results *self;
    const char *path;
    const etas_config *config;
    etas_config_reader settings;
    etas_error *err;
} loader;

static etas_status fail_memory(const loader *l)
{
    return etas_fail(l->err, ETAS_E_NOMEM, "out of memory for %s", l->path);
}

/* ---- parameters_<id>.json ---- */

static etas_status read_numbers(const loader *l)
{
    etas_results *self = l->self;
    const struct {
        const char *key;
        double low, high, *out;
    } numbers[] = {{"beta", 1e-6, 1e3, &self->beta},   {"mc", -10, 12, &self->mc},
                   {"m_ref", -10, 12, &self->m_ref},   {"delta_m", 0, 5, &self->delta_m},
                   {"area", 0, 1e12, &self->area_km2}, {"n_hat", 0, 1e12, &self->n_hat}};
    const struct {
        const char *key;
        etas_time *out;
    } times[] = {{"auxiliary_start", &self->auxiliary_start},
                 {"timewindow_start", &self->timewindow_start},
                 {"timewindow_end", &self->timewindow_end}};
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i].out = NAN;
        st = etas_setting_number(&l->settings, numbers[i].key, numbers[i].low, numbers[i].high,
                                 numbers[i].out);
        if (st == ETAS_OK && isnan(*numbers[i].out))
            st = etas_setting_fail(&l->settings, numbers[i].key, ETAS_E_PARSE,
                                   "missing; expected a number");
    }
    for (size_t i = 0; st == ETAS_OK && i < sizeof times / sizeof *times; i++) {
        *times[i].out = ETAS_TIME_NONE;
        st = etas_setting_time(&l->settings, times[i].key, times[i].out);
        if (st == ETAS_OK && *times[i].out == ETAS_TIME_NONE)
            st = etas_setting_fail(&l->settings, times[i].key, ETAS_E_PARSE,
                                   "missing; expected a time");
    }
    return st;
}

static etas_status read_parameters(const loader *l)
{
    const etas_config_reader *r = &l->settings;
    bool done = true, has_theta = false, has_region;
    etas_status st = etas_config_refuse_unsupported(r);

    if (st == ETAS_OK)
        st = etas_setting_flag(r, "inversion_done", &done);
    if (st == ETAS_OK && !done)
        st = etas_setting_fail(r, "inversion_done", ETAS_E_PARSE,
                               "false; these are the results of an unfinished inversion");
    if (st == ETAS_OK && json_is_string(etas_setting_find(r, "mc").value))
        st = etas_setting_fail(r, "mc", ETAS_E_UNSUPPORTED,
                               "a varying completeness is not supported yet; expected a number");
    if (st == ETAS_OK)
        st = read_numbers(l);
    if (st == ETAS_OK)
        st = etas_setting_params(r, "final_parameters", &l->self->theta, &has_theta);
    if (st == ETAS_OK && !has_theta)
        st = etas_setting_fail(r, "final_parameters", ETAS_E_PARSE, "missing; expected an object");
    if (st == ETAS_OK)
        st = etas_setting_region(r, "shape_coords", &l->self->region, &has_region);
    return st;
}

/* The file that @p key names: there, beside the parameters, or beside them under its last name;
 * without the key BEFORE<id>AFTER beside the parameters. */
static etas_status find_file(const loader *l, const char *key, const char *before,
                             const char *after, char **out)
{
    char *named = NULL, *id = NULL, *path = NULL;
    const char *slash;
    etas_text name = {0};
    etas_status st = etas_setting_text(&l->settings, key, &named);

    if (st == ETAS_OK)
        st = etas_setting_text(&l->settings, "id", &id);
    if (st == ETAS_OK && named == NULL)
        st = etas_text_printf(&name, "%s%s%s", before, id != NULL ? id : "", after);
    else if (st == ETAS_OK)
        st = etas_text_printf(&name, "%s", named);
    if (st == ETAS_OK)
        st = etas_path_resolve(name.data, l->path, &path);
    if (st == ETAS_OK && access(path, F_OK) != 0) {
        char *beside = NULL;

        slash = strrchr(name.data, '/');
        st = etas_path_beside(slash != NULL ? slash + 1 : name.data, l->path, &beside);
        if (st == ETAS_OK && access(beside, F_OK) == 0) {
            free(path);
            path = beside;
        } else {
            free(beside);
        }
    }
    free(named);
    free(id);
    etas_text_free(&name);
    *out = path;
    if (st == ETAS_E_NOMEM)
        (void)fail_memory(l);
    return st;
}

/* ---- trig_and_bg_probs_<id>.csv ---- */

enum { LATITUDE, LONGITUDE, P_BACKGROUND, N_TARGET_COLUMNS };

static etas_status read_target(const loader *l, const etas_csv *csv, const size_t column[],
                               size_t zeta_column, size_t capacity[3])
{
    etas_results *self = l->self;
    const size_t i = self->n_targets;
    double weight, zeta;
    etas_status st;

    if (etas_array_reserve((void **)&self->target_lat, &capacity[0], i + 1, sizeof(double)) !=
            ETAS_OK ||
        etas_array_reserve((void **)&self->target_lon, &capacity[1], i + 1, sizeof(double)) !=
            ETAS_OK ||
        etas_array_reserve((void **)&self->target_weight, &capacity[2], i + 1, sizeof(double)) !=
            ETAS_OK)
        return fail_memory(l);
    st = etas_csv_number(csv, column[LATITUDE], -90, 90, &self->target_lat[i], l->err);
    if (st == ETAS_OK)
        st = etas_csv_number(csv, column[LONGITUDE], -180, 360, &self->target_lon[i], l->err);
    if (st == ETAS_OK)
        st = etas_csv_number(csv, column[P_BACKGROUND], 0, 1 + 1e-9, &weight, l->err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(csv, zeta_column, &zeta, l->err);
    if (st != ETAS_OK)
        return st;
    self->target_weight[i] = weight * (isnan(zeta) ? 1 : zeta);
    self->n_targets++;
    return ETAS_OK;
}

static etas_status read_targets(const loader *l, const char *path)
{
    static const char *const names[N_TARGET_COLUMNS] = {"latitude", "longitude", "P_background"};
    size_t column[N_TARGET_COLUMNS], zeta, capacity[3] = {0};
    bool more = true;
    etas_text text = {0};
    etas_csv csv = {0};
    etas_status st = etas_file_read(path, &text, l->err);

    if (st == ETAS_OK)
        st = etas_csv_open(&csv, text.len, text.data, path, l->err);
    if (st == ETAS_OK)
        st = etas_csv_require(&csv, N_TARGET_COLUMNS, names, column, l->err);
    zeta = etas_csv_find(&csv, "zeta_plus_1");
    while (st == ETAS_OK) {
        st = etas_csv_next(&csv, &more, l->err);
        if (st != ETAS_OK || !more)
            break;
        st = read_target(l, &csv, column, zeta, capacity);
    }
    etas_csv_free(&csv);
    etas_text_free(&text);
    return st;
}

/* ---- sources_<id>.csv against the catalogue ---- */

/* The selected events again, in the order of their ids. */
typedef struct directory {
    etas_catalog events;
    size_t *row;
} directory;

static int compare_ids(const etas_event *a, const etas_event *b)
{
    const size_t n = a->id_len < b->id_len ? a->id_len : b->id_len;
    const int order = n > 0 ? memcmp(a->id, b->id, n) : 0;

    return order != 0 ? order : (a->id_len > b->id_len) - (a->id_len < b->id_len);
}

static int by_id(const void *pa, const void *pb, void *context)
{
    const size_t i = *(const size_t *)pa, j = *(const size_t *)pb;
    const etas_event a = etas_catalog_row(context, i), b = etas_catalog_row(context, j);
    const int order = compare_ids(&a, &b);

    return order != 0 ? order : (i > j) - (i < j);
}

static etas_status open_directory(const loader *l, const char *path, directory *d)
{
    const etas_selection how = {.start = l->self->auxiliary_start,
                                .end = l->self->timewindow_end,
                                .region = &l->self->region,
                                .delta_m = l->self->delta_m,
                                .mc = l->self->mc};
    etas_catalog all = {0};
    etas_status st = etas_catalog_load_csv(&all, path, l->err);

    if (st == ETAS_OK)
        st = etas_catalog_select(&all, &how, &d->events, l->err);
    etas_catalog_free(&all);
    if (st == ETAS_OK && etas_array_alloc((void **)&d->row, d->events.n, sizeof *d->row) != ETAS_OK)
        st = fail_memory(l);
    for (size_t i = 0; st == ETAS_OK && i < d->events.n; i++)
        d->row[i] = i;
    if (st == ETAS_OK && d->events.n > 0)
        qsort_r(d->row, d->events.n, sizeof *d->row, by_id, &d->events);
    return st;
}

/* The event of this id, magnitude and age; several may share an id. d->events.n when there is
 * none; *has_id tells whether the id at least is there. */
static size_t find_event(const directory *d, const etas_event *want, bool *has_id)
{
    size_t low = 0, high = d->events.n;

    *has_id = false;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const etas_event e = etas_catalog_row(&d->events, d->row[middle]);

        if (compare_ids(&e, want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < d->events.n; low++) {
        const etas_event e = etas_catalog_row(&d->events, d->row[low]);

        if (compare_ids(&e, want) != 0)
            break;
        *has_id = true;
        if (fabs(e.mag - want->mag) <= SAME_MAGNITUDE &&
            fabs(etas_days_between(e.time, want->time)) <= SAME_DAYS)
            return d->row[low];
    }
    return d->events.n;
}

enum { MAGNITUDE, TO_END, N_SOURCE_COLUMNS };

typedef struct source_file {
    etas_csv csv;
    size_t column[N_SOURCE_COLUMNS], xi_column, xi_capacity;
    const char *fn_catalog;
} source_file;

static etas_status read_source(const loader *l, source_file *f, const directory *d)
{
    etas_results *self = l->self;
    etas_event want = {0}, found;
    double to_end, xi = 1;
    bool has_id;
    size_t row;
    etas_status st = etas_csv_text(&f->csv, 0, &want.id, &want.id_len, l->err);

    if (st == ETAS_OK)
        st = etas_csv_number(&f->csv, f->column[MAGNITUDE], -10, 12, &want.mag, l->err);
    if (st == ETAS_OK)
        st = etas_csv_number(&f->csv, f->column[TO_END], 0, 1e6, &to_end, l->err);
    if (st == ETAS_OK && f->xi_column != ETAS_CSV_NONE)
        st = etas_csv_number(&f->csv, f->xi_column, 0, INFINITY, &xi, l->err);
    if (st != ETAS_OK)
        return st;
    want.time = self->timewindow_end - (etas_time)llround(to_end * (double)ETAS_NS_PER_DAY);
    row = find_event(d, &want, &has_id);
    if (row == d->events.n) {
        etas_fail(l->err, ETAS_E_PARSE,
                  has_id ? "source \"%.*s\" has another time or magnitude in %s"
                         : "source \"%.*s\" is not among the events that %s has for this inversion",
                  (int)(want.id_len < 40 ? want.id_len : 40), want.id, f->fn_catalog);
        etas_error_in_file(l->err, f->csv.name);
        etas_error_at_line(l->err, f->csv.field[0].line, 1);
        return ETAS_E_PARSE;
    }
    found = etas_catalog_row(&d->events, row);
    if (etas_array_reserve((void **)&self->xi_plus_1, &f->xi_capacity, self->n_sources + 1,
                           sizeof *self->xi_plus_1) != ETAS_OK ||
        etas_catalog_append(&self->sources, &found) != ETAS_OK)
        return fail_memory(l);
    self->xi_plus_1[self->n_sources++] = xi;
    return ETAS_OK;
}

static etas_status read_sources(const loader *l, const char *path, const char *fn_catalog)
{
    static const char *const names[N_SOURCE_COLUMNS] = {"source_magnitude",
                                                        "source_to_end_time_distance"};
    source_file f = {.fn_catalog = fn_catalog};
    directory d = {0};
    bool more = true;
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, l->err);

    if (st == ETAS_OK)
        st = etas_csv_open(&f.csv, text.len, text.data, path, l->err);
    if (st == ETAS_OK)
        st = etas_csv_require(&f.csv, N_SOURCE_COLUMNS, names, f.column, l->err);
    f.xi_column = etas_csv_find(&f.csv, "xi_plus_1");
    if (st == ETAS_OK)
        st = open_directory(l, fn_catalog, &d);
    while (st == ETAS_OK) {
        st = etas_csv_next(&f.csv, &more, l->err);
        if (st != ETAS_OK || !more)
            break;
        st = read_source(l, &f, &d);
    }
    etas_catalog_free(&d.events);
    etas_array_free((void **)&d.row);
    etas_csv_free(&f.csv);
    etas_text_free(&text);
    return st;
}

/* ---- all of it ---- */

static etas_status load_tables(const loader *l)
{
    char *targets = NULL, *sources = NULL, *catalog = NULL;
    etas_status st = find_file(l, "fn_ip", "trig_and_bg_probs_", ".csv", &targets);

    if (st == ETAS_OK)
        st = find_file(l, "fn_src", "sources_", ".csv", &sources);
    if (st == ETAS_OK)
        st = find_file(l, "fn_catalog", "catalog_", ".csv", &catalog);
    if (st == ETAS_OK && access(catalog, F_OK) != 0 && l->config != NULL &&
        l->config->fn_catalog != NULL) {
        free(catalog);
        catalog = strdup(l->config->fn_catalog);
        st = catalog != NULL ? ETAS_OK : fail_memory(l);
    }
    if (st == ETAS_OK)
        st = read_targets(l, targets);
    if (st == ETAS_OK)
        st = read_sources(l, sources, catalog);
    free(targets);
    free(sources);
    free(catalog);
    return st;
}

etas_status etas_results_load(etas_results *self, const char *path, const etas_config *config,
                              etas_error *err)
{
    etas_config scratch = {0};
    etas_json file = {0};
    loader l = {.self = self,
                .path = path,
                .config = config,
                .settings = {.self = &scratch, .file = &file, .err = err},
                .err = err};
    etas_status st;

    *self = (etas_results){0};
    st = etas_json_open(&file, path, err);
    if (st == ETAS_OK)
        st = read_parameters(&l);
    if (st == ETAS_OK)
        st = load_tables(&l);
    etas_json_close(&file);
    if (st != ETAS_OK)
        etas_results_free(self);
    return st;
}

void etas_results_free(etas_results *self)
{
    etas_region_free(&self->region);
    etas_array_free((void **)&self->target_lat);
    etas_array_free((void **)&self->target_lon);
    etas_array_free((void **)&self->target_weight);
    etas_array_free((void **)&self->xi_plus_1);
    etas_catalog_free(&self->sources);
    self->n_targets = self->n_sources = 0;
}
